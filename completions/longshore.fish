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
complete -c longshore -n "__fish_longshore_needs_command" -f -a "tag-sync" -d 'Keep tags of many repositories in step with their upstream, by the rules of a file'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "plan" -d 'Look at plans that \'mirror --plan\' wrote'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "report" -d 'Join what shards tell of their parts of the work'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "inventory" -d 'Write a receipt of what a registry holds, for a bundle that leaves it out'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "verify" -d 'Tell whether a mirror is true: all that its tags lead to is there, and is what it should be'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "delete" -d 'Delete tags and manifests in two steps: write a list, then carry it out'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "inspect" -d 'Show what an image is made of'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "tags" -d 'List the tags of a repository, sorted, one per line'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "import-image" -d 'Import what tags of a registry point to now into an image stream'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "tag" -d 'Set what tags of image streams follow, or delete them'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "stream" -d 'Look at image streams, move their tags back, and tidy them up'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "serve" -d 'Serve a folder as a registry'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "demo" -d 'See log in, push, inspect, pull and mirror at work, on a registry of its own'
complete -c longshore -n "__fish_longshore_needs_command" -f -a "schema" -d 'Print the JSON schema of a file'
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
complete -c longshore -n "__fish_longshore_using_subcommand pull" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
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
complete -c longshore -n "__fish_longshore_using_subcommand push" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
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
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s f -l filename -d 'Read mappings from a file, after those of the arguments; - is standard input; may be given several times' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s c -l config -d 'Read what goes where from a mirror file (\'version: 1\'), or a set of images from an ImageSetConfiguration (mirror.openshift.io/v2alpha1), as oc-mirror reads it; - is standard input. With --from and --apply a mirror file says how registries are reached' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l update-graph -d 'Where the update graph comes from that tells which releases a channel has: an update service, or a file with its answer [default: UPDATE_URL_OVERRIDE, or the public services of OpenShift and OKD]' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l from -d 'Import a bundle: all of it is verified before anything is written' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l have -d 'Leave out the blobs that this receipt, written by \'longshore inventory\', says are there; may be given several times' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l since -d 'Leave out what this earlier bundle brought: its folder, or its bundle.json alone; may be given several times' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l split -d 'Put the blobs of the bundle into tar files of less than so many bytes: 4GiB, 700MiB, 4700MB [default: archiveSize of the set, in GiB; without one no tar files]' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l sign-key -d 'Sign the bundle with this key: Ed25519, as \'openssl genpkey -algorithm ed25519\' writes it' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l verify-key -d 'Import the bundle only if it is signed by the owner of this public key, as \'openssl pkey -pubout\' writes it' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l failed -d 'Write the mappings that failed to this file, for -f [default: failed.txt in the bundle that they were for]. A plan is applied again instead: what it pins cannot stand in a mapping' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l plan -d 'Show the same and write it to FILE, to be reviewed, kept, and carried out by --apply' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l apply -d 'Do just what the plan in FILE says; when a tag has moved since, on either side, change nothing and fail' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l shard -d 'Do one of COUNT parts, and leave the others to runs that are given the same with another INDEX, from 0 on. auto/COUNT takes INDEX from JOB_COMPLETION_INDEX, which Kubernetes sets in an Indexed Job. Work is parted by repositories of the destination; those of a namespace stay together as far as that is fair' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l platform -d 'Take only images of this platform; may be given several times [default: all platforms]' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l filter-by-os -d 'Take only images in whose OS/ARCH[/VARIANT] this regular expression is found; .* is all' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l from-dir -d 'Folder that sources as in file://org/app:v1 are below [default: the current one]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dir -d 'Folder that destinations as in file://org/app:v1 are below [default: the current one]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l report -d 'Write what became of each image to this file, as JSON' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l junit -d 'Write it as JUnit XML, which CI servers show' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l cluster-resources -d 'Write to this folder what tells of the mirror: idms.yaml and itms.yaml for OpenShift clusters, registries.conf for podman and CRI-O, mapping.txt, which mirror -f reads again, and signature-configmap.yaml and .json with the signatures of releases' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l release-signatures -d 'Where the signatures of releases come from: a server or a folder that has them at sha256=HEX/signature-1 [default: the public stores of OpenShift, none for OKD and for bundles that are imported]' -r
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
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dry-run -d 'Show what would be copied, mounted and left alone, and change nothing'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l locked -d 'With --plan: write nothing, and fail when FILE is not what would be planned now'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l replan -d 'With --apply: plan anew what has moved, write that to FILE, and go on'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l keep-manifest-list -d 'Where only some platforms are taken: keep the index and its digest all the same, without the other images. Not every registry takes such an index'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l skip-missing -d 'Skip images that are not there, by tag or by digest, and say so; a part that is missing is still a failure, and so is an image that the registry denies, which may be there'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l force -d 'Put again what is there already: every blob and every manifest'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l skip-mount -d 'Never take blobs over from another repository of the registry'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l continue-on-error -d 'Accepted as with oc: an image that fails never stops the others anyway'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l insecure -d 'At both ends: verify no certificate, and speak HTTP to a registry that has no TLS'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l referrers -d 'Look for signatures, attestations, SBOMs and cosign\'s tags of images that are there already too; those of images that are copied go along anyway'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l no-referrers -d 'Leave behind what refers to images'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l icsp -d 'Write icsp.yaml besides, for OpenShift before 4.13'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand mirror" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -f -a "check" -d 'Show what a run would change, with bytes; exit code 10 when that is anything'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -f -a "run" -d 'Bring what is missing, and take away what no rule chooses where a rule says so'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -f -a "watch" -d 'Run rules again and again, each at its schedule, until a signal comes'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -f -a "explain" -d 'Tell which rules take a tag, and which leave it, and why'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -f -a "update" -d 'Write what the rules choose now to the lock file, for \'run --locked\''
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -f -a "undo" -d 'Put back tags that a run has taken away, from the list that it has kept'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and not __fish_seen_subcommand_from check run watch explain update undo help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l format -d 'The form of the file: longshore; or that of \'skopeo sync\' (skopeo) or regsync, which is read as it is. What of it is done otherwise is told, and what would be copied otherwise is refused' -r -f -a "longshore\t'tag-sync.yaml'
skopeo\t'What \'skopeo sync --src yaml\' reads'
regsync\t'What regsync reads'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l to -d 'With --format skopeo: where images go, as with \'skopeo sync\'; quay.io/org/app goes to ROOT/app' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l rule -d 'Only this rule; may be given several times' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l shard -d 'Only the share of one of several machines: INDEX/COUNT, from 0 on, or auto/COUNT for a Job of Kubernetes with completionMode: Indexed' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l lock -d 'The lock file [default: beside the file of rules, as in tag-sync.lock]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -s a -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l src-creds -d 'User name and password for the source' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l src-authfile -d 'Auth file for the source, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l src-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l src-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l dest-creds -d 'User name and password for the destination' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l dest-authfile -d 'Auth file for the destination, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l dest-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l dest-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l scoped -d 'With --format skopeo: keep whole names, as with \'skopeo sync --scoped\'; quay.io/org/app goes to ROOT/quay.io/org/app'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l fresh -d 'Believe nothing that earlier runs remember of tags: ask targets for each'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l locked -d 'Take just the tags and digests that the lock file names, and ask no source for its tags'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l format -d 'The form of the file: longshore; or that of \'skopeo sync\' (skopeo) or regsync, which is read as it is. What of it is done otherwise is told, and what would be copied otherwise is refused' -r -f -a "longshore\t'tag-sync.yaml'
skopeo\t'What \'skopeo sync --src yaml\' reads'
regsync\t'What regsync reads'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l to -d 'With --format skopeo: where images go, as with \'skopeo sync\'; quay.io/org/app goes to ROOT/app' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l rule -d 'Only this rule; may be given several times' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l shard -d 'Only the share of one of several machines: INDEX/COUNT, from 0 on, or auto/COUNT for a Job of Kubernetes with completionMode: Indexed' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l lock -d 'The lock file [default: beside the file of rules, as in tag-sync.lock]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l report -d 'Write what became of each tag to this file, as JSON' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l junit -d 'Write it as JUnit XML, which CI servers show' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l failed -d 'Write rules for just what failed to this file, to be run again; without failures there is none' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -s a -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l src-creds -d 'User name and password for the source' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l src-authfile -d 'Auth file for the source, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l src-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l src-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l dest-creds -d 'User name and password for the destination' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l dest-authfile -d 'Auth file for the destination, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l dest-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l dest-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l scoped -d 'With --format skopeo: keep whole names, as with \'skopeo sync --scoped\'; quay.io/org/app goes to ROOT/quay.io/org/app'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l fresh -d 'Believe nothing that earlier runs remember of tags: ask targets for each'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l locked -d 'Take just the tags and digests that the lock file names, and ask no source for its tags'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l dry-run -d 'Show what would be changed, with bytes, and change nothing'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l any-time -d 'Run at any time, whatever windows the rules have'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l github-summary -d 'Tell the run in the summary of a step of a GitHub job'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l format -d 'The form of the file: longshore; or that of \'skopeo sync\' (skopeo) or regsync, which is read as it is. What of it is done otherwise is told, and what would be copied otherwise is refused' -r -f -a "longshore\t'tag-sync.yaml'
skopeo\t'What \'skopeo sync --src yaml\' reads'
regsync\t'What regsync reads'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l to -d 'With --format skopeo: where images go, as with \'skopeo sync\'; quay.io/org/app goes to ROOT/app' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l rule -d 'Only this rule; may be given several times' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l shard -d 'Only the share of one of several machines: INDEX/COUNT, from 0 on, or auto/COUNT for a Job of Kubernetes with completionMode: Indexed' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l interval -d 'How often rules run that have no schedule: 15m, 1h, 90s' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l metrics -d 'Serve metrics for Prometheus at /metrics, and /healthz and /readyz, at this port of this machine, or HOST:PORT' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -s a -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l src-creds -d 'User name and password for the source' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l src-authfile -d 'Auth file for the source, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l src-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l src-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l dest-creds -d 'User name and password for the destination' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l dest-authfile -d 'Auth file for the destination, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l dest-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l dest-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l scoped -d 'With --format skopeo: keep whole names, as with \'skopeo sync --scoped\'; quay.io/org/app goes to ROOT/quay.io/org/app'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l fresh -d 'Believe nothing that earlier runs remember of tags: ask targets for each'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l format -d 'The form of the file: longshore; or that of \'skopeo sync\' (skopeo) or regsync, which is read as it is. What of it is done otherwise is told, and what would be copied otherwise is refused' -r -f -a "longshore\t'tag-sync.yaml'
skopeo\t'What \'skopeo sync --src yaml\' reads'
regsync\t'What regsync reads'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l to -d 'With --format skopeo: where images go, as with \'skopeo sync\'; quay.io/org/app goes to ROOT/app' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -s a -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l src-creds -d 'User name and password for the source' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l src-authfile -d 'Auth file for the source, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l src-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l src-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l dest-creds -d 'User name and password for the destination' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l dest-authfile -d 'Auth file for the destination, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l dest-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l dest-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l scoped -d 'With --format skopeo: keep whole names, as with \'skopeo sync --scoped\'; quay.io/org/app goes to ROOT/quay.io/org/app'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l format -d 'The form of the file: longshore; or that of \'skopeo sync\' (skopeo) or regsync, which is read as it is. What of it is done otherwise is told, and what would be copied otherwise is refused' -r -f -a "longshore\t'tag-sync.yaml'
skopeo\t'What \'skopeo sync --src yaml\' reads'
regsync\t'What regsync reads'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l to -d 'With --format skopeo: where images go, as with \'skopeo sync\'; quay.io/org/app goes to ROOT/app' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l rule -d 'Only this rule; may be given several times' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l lock -d 'The lock file [default: beside the file of rules, as in tag-sync.lock]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -s a -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l src-creds -d 'User name and password for the source' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l src-authfile -d 'Auth file for the source, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l src-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l src-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l dest-creds -d 'User name and password for the destination' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l dest-authfile -d 'Auth file for the destination, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l dest-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l dest-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l scoped -d 'With --format skopeo: keep whole names, as with \'skopeo sync --scoped\'; quay.io/org/app goes to ROOT/quay.io/org/app'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l jobs -d 'How many blobs are copied to one destination at the same time' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l fsync -d 'When local copies are made safe from power failures: at each blob (always), at the end of each image (batch), or never (off), for copies that can be made anew' -r -f -a "always\t'At each blob'
batch\t'At the end of each image'
off\t'Never'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -s a -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l src-creds -d 'User name and password for the source' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l src-authfile -d 'Auth file for the source, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l src-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l src-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l dest-creds -d 'User name and password for the destination' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l dest-authfile -d 'Auth file for the destination, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l dest-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l dest-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l no-resume -d 'Start over: leave alone what an interrupted run left, and leave nothing to continue'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from help" -f -a "check" -d 'Show what a run would change, with bytes; exit code 10 when that is anything'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from help" -f -a "run" -d 'Bring what is missing, and take away what no rule chooses where a rule says so'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from help" -f -a "watch" -d 'Run rules again and again, each at its schedule, until a signal comes'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from help" -f -a "explain" -d 'Tell which rules take a tag, and which leave it, and why'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from help" -f -a "update" -d 'Write what the rules choose now to the lock file, for \'run --locked\''
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from help" -f -a "undo" -d 'Put back tags that a run has taken away, from the list that it has kept'
complete -c longshore -n "__fish_longshore_using_subcommand tag-sync; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and not __fish_seen_subcommand_from show diff help" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand plan; and not __fish_seen_subcommand_from show diff help" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and not __fish_seen_subcommand_from show diff help" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and not __fish_seen_subcommand_from show diff help" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and not __fish_seen_subcommand_from show diff help" -f -a "show" -d 'Show a plan as it was shown when it was made'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and not __fish_seen_subcommand_from show diff help" -f -a "diff" -d 'Show what one plan has other than another'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and not __fish_seen_subcommand_from show diff help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from show" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from show" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from diff" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a plan as it was shown when it was made'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Show what one plan has other than another'
complete -c longshore -n "__fish_longshore_using_subcommand plan; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand report; and not __fish_seen_subcommand_from merge help" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand report; and not __fish_seen_subcommand_from merge help" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand report; and not __fish_seen_subcommand_from merge help" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand report; and not __fish_seen_subcommand_from merge help" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand report; and not __fish_seen_subcommand_from merge help" -f -a "merge" -d 'Join the reports of shards into that of one run'
complete -c longshore -n "__fish_longshore_using_subcommand report; and not __fish_seen_subcommand_from merge help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand report; and __fish_seen_subcommand_from merge" -l junit -d 'Write the whole as JUnit XML, which CI servers show' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand report; and __fish_seen_subcommand_from merge" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand report; and __fish_seen_subcommand_from merge" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand report; and __fish_seen_subcommand_from merge" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand report; and __fish_seen_subcommand_from merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "merge" -d 'Join the reports of shards into that of one run'
complete -c longshore -n "__fish_longshore_using_subcommand report; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l username -d 'User name; the password is asked for if not given' -r
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l password -d 'Password. Others on this machine can see it: better use --password-stdin' -r
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l password-stdin -d 'Read the password from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -l plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand inventory" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l against -d 'Compare with the place that this is a mirror of, with a plan (mirror --plan), or with a file of digests and images as \'mirror\' prints them; - is standard input. Without DST, what the plan or the file names is looked at, and nothing besides' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l shard -d 'Do one of COUNT parts, and leave the others to runs that are given the same with another INDEX, from 0 on. auto/COUNT takes INDEX from JOB_COMPLETION_INDEX, which Kubernetes sets in an Indexed Job. Work is parted by repositories of the destination; those of a namespace stay together as far as that is fair' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l username -d 'User name; the password is asked for if not given' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l password -d 'Password. Others on this machine can see it: better use --password-stdin' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l src-creds -d 'User name and password for the source' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l src-authfile -d 'Auth file for the source, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l src-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l src-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand verify" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l deep -d 'Read all blobs and hash them, each once'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l repair -d 'Bring what is missing or wrong from SRC, or from where the plan says, let tags point to what they should, and look again'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l password-stdin -d 'Read the password from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l src-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -l src-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l generate -d 'Write the list to a new file; - is standard output' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l execute -d 'Delete what this list says; - is standard input' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l max-delete -d 'Delete nothing when the list is longer than this' -r
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l username -d 'User name; the password is asked for if not given' -r
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l password -d 'Password. Others on this machine can see it: better use --password-stdin' -r
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand delete" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l password-stdin -d 'Read the password from standard input'
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand delete" -l plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand delete" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand delete" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand delete" -s h -l help -d 'Print help (see more with \'--help\')'
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
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l from -d 'The image to import, or with --all the repository' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l limit -d 'The most tags that are taken from a repository, by rank: N, or all' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l insecure -d 'Allow a registry without a trusted certificate, or without TLS; false takes that back' -r -f -a "true\t''
false\t''"
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l reference-policy -d 'Whose pull spec those get who use the tags: that of the source, or that of the cluster\'s registry' -r -f -a "source\t''
local\t''"
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l import-mode -d 'What becomes of an index of several platforms: one of its images is chosen, or it is kept with all of them' -r -f -a "Legacy\t''
PreserveOriginal\t''"
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l pull-through -d 'Copy the images there too: a repository on a registry, or a layout as in oci:DIR' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l watch -d 'Go on, and import them again and again until a signal comes: every 15m, or as often as is said' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l on-change -d 'Run this command with sh for each tag that moved; it is told by LONGSHORE_STREAM, LONGSHORE_TAG, LONGSHORE_NEW_REFERENCE and others, and by JSON on its standard input' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l on-change-timeout -d 'How long the command may take: 30s, 5m, 1h [default: 10m]' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l on-change-url -d 'Post each tag that moved to this address, as JSON' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l on-change-secret-file -d 'Sign what is posted with the key in this file [default: with LONGSHORE_ON_CHANGE_SECRET, if it is set]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l apply-triggers -d 'Set the images in this Kubernetes manifest, or in those of this folder, that follow tags by the annotation image.openshift.io/triggers; may be given several times' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l dest-creds -d 'User name and password for the destination' -r
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l dest-authfile -d 'Auth file for the destination, instead of --authfile' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l dest-ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l dest-cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -s o -l output -d 'How the result is written: text, what became of each tag; describe, as oc does; name; env, what moved as assignments for a shell; the stream as yaml or json; with json, errors are JSON too' -r -f -a "text\t'For people'
describe\t'All that is known, for people'
name\t'The name alone'
env\t'What has moved, as assignments for a shell'
yaml\t'The object, for programs and people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l confirm -d 'Allow creating the stream, or changing the repository that it follows'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l all -d 'Import all tags: those of the repository that the stream follows, or those that it has'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l scheduled -d 'Have the tags imported again from time to time'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l dry-run -d 'Ask the registry and tell what would be imported, but keep nothing'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l all-streams -d 'Import all streams of the namespace, or without one of all namespaces; with --scheduled only the tags that are to be imported again from time to time'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l github-output -d 'Tell later steps of a GitHub job what moved: outputs \'changed\' and \'changes\''
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l dest-insecure -d 'Do not verify the registry\'s certificate'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -l dest-plain-http -d 'Speak HTTP without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand import-image" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l source -d 'What the source is, where that cannot be seen' -r -f -a "istag\t''
imagestreamtag\t''
isimage\t''
imagestreamimage\t''
docker\t''
dockerimage\t''"
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l reference-policy -d 'Whose pull spec those get who use the tags: that of the source, or that of the cluster\'s registry' -r -f -a "source\t''
local\t''"
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l import-mode -d 'What becomes of an index of several platforms: one of its images is chosen, or it is kept with all of them' -r -f -a "Legacy\t''
PreserveOriginal\t''"
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l on-change -d 'Run this command with sh for each tag that moved; it is told by LONGSHORE_STREAM, LONGSHORE_TAG, LONGSHORE_NEW_REFERENCE and others, and by JSON on its standard input' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l on-change-timeout -d 'How long the command may take: 30s, 5m, 1h [default: 10m]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l on-change-url -d 'Post each tag that moved to this address, as JSON' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l on-change-secret-file -d 'Sign what is posted with the key in this file [default: with LONGSHORE_ON_CHANGE_SECRET, if it is set]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l apply-triggers -d 'Set the images in this Kubernetes manifest, or in those of this folder, that follow tags by the annotation image.openshift.io/triggers; may be given several times' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l creds -d 'User name and password; without a password it is asked for' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l authfile -d 'Auth file to read logins from' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l ca-file -d 'Trust the certificates in this PEM file besides the system\'s' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l cert-dir -d 'Folder with *.crt to trust and client *.cert and *.key, instead of certs.d' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l retries -d 'How many times a failed request is tried again' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l max-per-host -d 'The most requests of a kind that one registry gets at once; how many are best is found out [default: 32 for metadata, 16 downloads, 16 uploads]' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l limit-rate -d 'The most bytes in a second, for downloads and for uploads each: 500k, 20M, 10MiB (powers of 1024, as with curl), 20MB (powers of 1000). HOST=RATE is for one registry alone; may be given several times, or with commas between' -r
complete -c longshore -n "__fish_longshore_using_subcommand tag" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand tag" -s d -l delete -d 'Delete the tags, and all that is known of what they pointed to'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l alias -d 'Follow a tag of the same stream instead of copying it'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l reference -d 'Only point to the source: it is never imported'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l scheduled -d 'Have the image on a registry imported again from time to time'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l insecure -d 'Allow a registry without a trusted certificate, or without TLS'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l github-output -d 'Tell later steps of a GitHub job what moved: outputs \'changed\' and \'changes\''
complete -c longshore -n "__fish_longshore_using_subcommand tag" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand tag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -f -a "get" -d 'List streams'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -f -a "describe" -d 'Tell all about a stream, or about the image of one of its tags'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -f -a "history" -d 'List the images that a tag has pointed to, the latest first'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -f -a "rollback" -d 'Move a tag back to an image that it pointed to before'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -f -a "delete" -d 'Delete streams, and all that is known of what their tags pointed to'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -f -a "export" -d 'Print a stream without all that belongs to one place, for \'oc apply -f -\''
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -f -a "prune" -d 'Shorten histories, and forget images that no tag has pointed to any more'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and not __fish_seen_subcommand_from get describe history rollback delete export prune help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -s o -l output -d 'How streams are written: text, name, yaml or json; with json, errors are JSON too' -r -f -a "text\t'For people'
name\t'The name alone'
yaml\t'The object, for programs and people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -s A -l all-namespaces -d 'Streams of all namespaces'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l to -d 'Which image: its number in \'stream history\', or its digest or the beginning of that [default: the one before]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l on-change -d 'Run this command with sh for each tag that moved; it is told by LONGSHORE_STREAM, LONGSHORE_TAG, LONGSHORE_NEW_REFERENCE and others, and by JSON on its standard input' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l on-change-timeout -d 'How long the command may take: 30s, 5m, 1h [default: 10m]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l on-change-url -d 'Post each tag that moved to this address, as JSON' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l on-change-secret-file -d 'Sign what is posted with the key in this file [default: with LONGSHORE_ON_CHANGE_SECRET, if it is set]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l apply-triggers -d 'Set the images in this Kubernetes manifest, or in those of this folder, that follow tags by the annotation image.openshift.io/triggers; may be given several times' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l github-output -d 'Tell later steps of a GitHub job what moved: outputs \'changed\' and \'changes\''
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -s o -l output -d 'How the stream is written: yaml or json; with json, errors are JSON too' -r -f -a "yaml\t'The object, for programs and people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -l keep-tag-revisions -d 'How many images of each tag are kept, the latest ones' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -l keep-younger-than -d 'Keep what is younger' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -s n -l namespace -d 'Namespace of the streams [default: \'default\', with a cluster that of its context]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -l store -d 'Folder of the streams [default: ./imagestreams if it is there, else ~/.local/share/longshore/imagestreams]' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -l context -d 'Ask the cluster of this context of kubeconfig' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -l kubeconfig -d 'Ask the cluster of this kubeconfig, instead of that of KUBECONFIG or ~/.kube/config' -r -F
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -l request-timeout -d 'How long one call to a cluster may take, with its login and all pages of a list: 30s, 5m, 1h [default: 90s for each try, and an import as long as it likes]' -r
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -l confirm -d 'Do it'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -l cluster -d 'Ask the cluster of the current context of kubeconfig, or the one that this runs in'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from help" -f -a "get" -d 'List streams'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from help" -f -a "describe" -d 'Tell all about a stream, or about the image of one of its tags'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from help" -f -a "history" -d 'List the images that a tag has pointed to, the latest first'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from help" -f -a "rollback" -d 'Move a tag back to an image that it pointed to before'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from help" -f -a "delete" -d 'Delete streams, and all that is known of what their tags pointed to'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from help" -f -a "export" -d 'Print a stream without all that belongs to one place, for \'oc apply -f -\''
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from help" -f -a "prune" -d 'Shorten histories, and forget images that no tag has pointed to any more'
complete -c longshore -n "__fish_longshore_using_subcommand stream; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
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
complete -c longshore -n "__fish_longshore_using_subcommand schema" -s o -l output -d 'How results are written: text or json; with json, errors are JSON too' -r -f -a "text\t'For people'
json\t'For programs'"
complete -c longshore -n "__fish_longshore_using_subcommand schema" -s v -l verbose -d 'Say more: once what is done, twice every request'
complete -c longshore -n "__fish_longshore_using_subcommand schema" -s q -l quiet -d 'No progress and no warnings, errors only'
complete -c longshore -n "__fish_longshore_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
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
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "login" -d 'Prove a login against a registry, then keep it'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "logout" -d 'Forget the login for a registry'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "pull" -d 'Copy an image from a registry to a local folder or file'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "push" -d 'Copy an image from a local folder or file to a registry'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "mirror" -d 'Copy images between any two places, with every digest kept'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "tag-sync" -d 'Keep tags of many repositories in step with their upstream, by the rules of a file'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "plan" -d 'Look at plans that \'mirror --plan\' wrote'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "report" -d 'Join what shards tell of their parts of the work'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "inventory" -d 'Write a receipt of what a registry holds, for a bundle that leaves it out'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "verify" -d 'Tell whether a mirror is true: all that its tags lead to is there, and is what it should be'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "delete" -d 'Delete tags and manifests in two steps: write a list, then carry it out'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "inspect" -d 'Show what an image is made of'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "tags" -d 'List the tags of a repository, sorted, one per line'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "import-image" -d 'Import what tags of a registry point to now into an image stream'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "tag" -d 'Set what tags of image streams follow, or delete them'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "stream" -d 'Look at image streams, move their tags back, and tidy them up'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "serve" -d 'Serve a folder as a registry'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "demo" -d 'See log in, push, inspect, pull and mirror at work, on a registry of its own'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "schema" -d 'Print the JSON schema of a file'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "completion" -d 'Print the completion script for a shell'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "credential-helper" -d 'Speak the protocol of docker credential helpers over the keyring of the operating system'
complete -c longshore -n "__fish_longshore_using_subcommand help; and not __fish_seen_subcommand_from login logout pull push mirror tag-sync plan report inventory verify delete inspect tags import-image tag stream serve demo schema completion credential-helper help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from tag-sync" -f -a "check" -d 'Show what a run would change, with bytes; exit code 10 when that is anything'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from tag-sync" -f -a "run" -d 'Bring what is missing, and take away what no rule chooses where a rule says so'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from tag-sync" -f -a "watch" -d 'Run rules again and again, each at its schedule, until a signal comes'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from tag-sync" -f -a "explain" -d 'Tell which rules take a tag, and which leave it, and why'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from tag-sync" -f -a "update" -d 'Write what the rules choose now to the lock file, for \'run --locked\''
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from tag-sync" -f -a "undo" -d 'Put back tags that a run has taken away, from the list that it has kept'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "show" -d 'Show a plan as it was shown when it was made'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from plan" -f -a "diff" -d 'Show what one plan has other than another'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from report" -f -a "merge" -d 'Join the reports of shards into that of one run'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from stream" -f -a "get" -d 'List streams'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from stream" -f -a "describe" -d 'Tell all about a stream, or about the image of one of its tags'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from stream" -f -a "history" -d 'List the images that a tag has pointed to, the latest first'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from stream" -f -a "rollback" -d 'Move a tag back to an image that it pointed to before'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from stream" -f -a "delete" -d 'Delete streams, and all that is known of what their tags pointed to'
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from stream" -f -a "export" -d 'Print a stream without all that belongs to one place, for \'oc apply -f -\''
complete -c longshore -n "__fish_longshore_using_subcommand help; and __fish_seen_subcommand_from stream" -f -a "prune" -d 'Shorten histories, and forget images that no tag has pointed to any more'
