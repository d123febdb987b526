//! Numbers of bytes, as people write them.

/// Reads a number of bytes with a unit as `split` of the GNU coreutils has them: `K`, `M`, `G`, `T`, `KiB` and so on are
/// powers of 1024, `KB` and so on powers of 1000. `None` when it is none, or too large.
pub(crate) fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = &text[digits.len()..];
    let (base, prefix) = match (unit.strip_suffix("iB"), unit.strip_suffix('B')) {
        (Some(""), _) => (1024, unit),
        (Some(prefix), _) => (1024, prefix),
        (None, Some(prefix)) => (1000, prefix),
        (None, None) => (1024, unit),
    };
    let power =
        ["", "K", "M", "G", "T"].iter().position(|known| prefix.eq_ignore_ascii_case(known))?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse::<u64>().ok().filter(|_| is_number)?;
    number.checked_mul(u64::checked_pow(base, power.try_into().ok()?)?)
}
