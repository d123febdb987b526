# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_longshore_global_optspecs
    string join \n v/verbose q/quiet o/output= h/help V/version
end

function __fish_longshore_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_longshore_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_longshore_using_subcommand
    set -l cmd (__fish_longshore_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c longshore -n "__fish_longshore_needs_command" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_needs_command" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_needs_command" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_needs_command" -s V -l version -d 'Print version'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "login" -d 'Prove a login against a registry, then keep it'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "logout" -d 'Forget the login for a registry'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "pull" -d 'Copy an image from a registry to a local folder or file'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "push" -d 'Copy an image from a local folder or file to a registry'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "mirror" -d 'Copy images between any two places, with every digest kept'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "inspect" -d 'Show what an image is made of'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "tags" -d 'List the tags of a repository, sorted, one per line'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "serve" -d 'Serve a folder as a registry'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "demo" -d 'See log in, push, inspect, pull and mirror at work, on a registry of its own'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "completion" -d 'Print the completion script for a shell'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "credential-helper" -d 'Speak the protocol of docker credential helpers over the keyring of the operating system'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand login" -s u -l username -d 'User name; asked for if not given' -r
complete -c longshore -n "__fish_longshore_using_subcommand login" -s p -l password -d 'Password. Others on this machine can see it: better use --password-stdin' -r
complete -c longshore -n "__fish_longshore_using_subcommand login" -l verify -d 'Prove the login against the registry before it is kept' -r -f -a "true\t''
false\t''"
complete -c longshore -n "__fish_longshore_using_subcommand login" -l authfile -d 'Auth file to keep the login in' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand login" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand login" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand login" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand login" -l password-stdin -d 'Read the password from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand login" -l token-stdin -d 'Read an identity token (an OAuth2 refresh token) from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand login" -l get-login -d 'Print the user name that is in use for the registry, and do nothing else'
complete -c longshore -n "__fish_longshore_using_subcommand login" -l keyring -d 'Keep the login in the keyring of the operating system'
complete -c longshore -n "__fish_longshore_using_subcommand login" -l insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand login" -l plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand login" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand login" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand logout" -l authfile -d 'Auth file to remove the login from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand logout" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand logout" -s a -l all -d 'Forget all logins in the auth file'
complete -c longshore -n "__fish_longshore_using_subcommand logout" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand logout" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand logout" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l platform -d 'Take only images of this platform; may be given several times [default: all platforms]' -r
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 1G (powers of 1024, as with curl). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l username -d 'User name; the password is asked for if not given' -r
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l password -d 'Password. Others on this machine can see it: better use --password-stdin' -r
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand pull" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l referrers -d 'Take along what refers to the image: signatures, attestations, SBOMs, and cosign\'s tags'
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l password-stdin -d 'Read the password from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand pull" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand pull" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand push" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand push" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand push" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 1G (powers of 1024, as with curl). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand push" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand push" -l username -d 'User name; the password is asked for if not given' -r
complete -c longshore -n "__fish_longshore_using_subcommand push" -l password -d 'Password. Others on this machine can see it: better use --password-stdin' -r
complete -c longshore -n "__fish_longshore_using_subcommand push" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand push" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand push" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand push" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand push" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand push" -l referrers -d 'Take along what refers to the image: signatures, attestations, SBOMs, and cosign\'s tags'
complete -c longshore -n "__fish_longshore_using_subcommand push" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand push" -l password-stdin -d 'Read the password from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand push" -l insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand push" -l plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand push" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand push" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand push" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s f -l filename -d 'Read mappings from a file; - is standard input' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l platform -d 'Take only images of this platform; may be given several times [default: all platforms]' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 1G (powers of 1024, as with curl). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s a -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l src-creds -d 'User name and password for the source' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l src-authfile -d 'Auth file for the source, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l src-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l src-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dest-creds -d 'User name and password for the destination' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dest-authfile -d 'Auth file for the destination, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dest-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dest-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l referrers -d 'Take along what refers to the image: signatures, attestations, SBOMs, and cosign\'s tags'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l platform -d 'Choose this platform where there are several' -r
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l username -d 'User name; the password is asked for if not given' -r
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l password -d 'Password. Others on this machine can see it: better use --password-stdin' -r
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l raw -d 'Print the manifest as it is, byte for byte'
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l config -d 'Print the image configuration'
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l password-stdin -d 'Read the password from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -l plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand inspect" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l username -d 'User name; the password is asked for if not given' -r
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l password -d 'Password. Others on this machine can see it: better use --password-stdin' -r
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand tags" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l password-stdin -d 'Read the password from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tags" -l plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tags" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tags" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tags" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand serve" -l addr -d 'Address and port to listen at; port 0 takes a free one' -r
complete -c longshore -n "__fish_longshore_using_subcommand serve" -l tls-cert -d 'Certificate chain for TLS, PEM' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand serve" -l tls-key -d 'Private key for TLS, PEM' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand serve" -l htpasswd -d 'Let in only the users of this file, as \'htpasswd -B\' writes it' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand serve" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand serve" -l read-only -d 'Refuse pushes and deletions'
complete -c longshore -n "__fish_longshore_using_subcommand serve" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand serve" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand demo" -l keep -d 'Work in this folder and keep it' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand demo" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand demo" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand demo" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand completion" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand completion" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand completion" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand completion" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand credential-helper" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand credential-helper" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand credential-helper" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand credential-helper" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "login" -d 'Prove a login against a registry, then keep it'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "logout" -d 'Forget the login for a registry'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "pull" -d 'Copy an image from a registry to a local folder or file'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "push" -d 'Copy an image from a local folder or file to a registry'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "mirror" -d 'Copy images between any two places, with every digest kept'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "inspect" -d 'Show what an image is made of'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "tags" -d 'List the tags of a repository, sorted, one per line'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "serve" -d 'Serve a folder as a registry'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "demo" -d 'See log in, push, inspect, pull and mirror at work, on a registry of its own'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "completion" -d 'Print the completion script for a shell'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "credential-helper" -d 'Speak the protocol of docker credential helpers over the keyring of the operating system'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror inspect tags serve demo completion credential-helper help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
