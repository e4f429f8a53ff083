//! How far two clocks are apart.

use domain::words;

/// "+2 ms", "−7 s".
pub(crate) fn offset(ms: i64) -> String {
    let sign = match ms.signum() {
        1 => "+",
        -1 => "−",
        _ => "±",
    };
    match ms.unsigned_abs() {
        small @ 0..10_000 => format!("{sign}{} ms", words::thousands(small)),
        large => format!("{sign}{}", words::span(large)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_offset_has_a_sign_and_a_unit() {
        let said = [2, -11, 0, -70_000].map(offset);
        assert_eq!(said, ["+2 ms", "−11 ms", "±0 ms", "−1 min"]);
    }
}
