//! Integers and rationals as the decimal digits that SWI-Prolog would write.

use super::lexer::Kind;

/// Most digits of an integer in another radix than ten: turning them takes their square.
const MAX_DIGITS: usize = 4_096;

/// Digits without leading zeros.
pub(super) fn trimmed(digits: &str) -> String {
    match digits.trim_start_matches('0') {
        "" => "0".into(),
        trimmed => trimmed.into(),
    }
}

/// The integer that `digits` are in `radix`; none without digits, or with too many.
pub(super) fn decimal(digits: &str, radix: u32) -> Option<String> {
    if digits.is_empty() || digits.len() > MAX_DIGITS {
        return None;
    }
    // Nine decimal digits each, the lowest first.
    let mut limbs = vec![0_u64];
    for digit in digits.chars() {
        let mut carry = u64::from(digit.to_digit(radix)?);
        for limb in &mut limbs {
            let value = *limb * u64::from(radix) + carry;
            *limb = value % 1_000_000_000;
            carry = value / 1_000_000_000;
        }
        if carry > 0 {
            limbs.push(carry);
        }
    }
    let text: String = limbs.iter().rev().map(|limb| format!("{limb:09}")).collect();
    Some(trimmed(&text))
}

/// A numerator over a denominator in lowest terms; none if that is zero.
///
/// Beyond 128 bits they stay as they were written, which is in lowest terms when SWISH wrote them.
pub(super) fn rational(numerator: &str, denominator: &str) -> Option<Kind> {
    let (above, below) = (trimmed(numerator), trimmed(denominator));
    if below == "0" {
        return None;
    }
    let (Ok(mut over), Ok(mut under)) = (above.parse::<u128>(), below.parse::<u128>()) else {
        return Some(Kind::Rational(format!("{above}r{below}")));
    };
    let divisor = common_divisor(over, under);
    (over, under) = (over / divisor, under / divisor);
    Some(match under {
        1 => Kind::Integer(over.to_string()),
        _ => Kind::Rational(format!("{over}r{under}")),
    })
}

const fn common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
