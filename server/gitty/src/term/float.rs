//! Floats in the form SWI-Prolog 9.0.4 writes them: the shortest digits that read back.

/// Writes `value`; infinity is `1.0Inf`, not-a-number `1.5NaN`.
pub(super) fn write(value: f64) -> String {
    if value.is_nan() {
        return "1.5NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "1.0Inf" } else { "-1.0Inf" }.into();
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits = even(digits(mantissa), value);
    let sign = if value.is_sign_negative() { "-" } else { "" };
    // Position of the point, counted from the first digit.
    let point = exponent.parse().unwrap_or(0_i32) + 1;
    format!("{sign}{}", place_point(&digits, point))
}

fn digits(mantissa: &str) -> String {
    mantissa.chars().filter(char::is_ascii_digit).collect()
}

/// Of two shortest forms that are equally near, SWI-Prolog takes the even one, Rust the upper.
fn even(shortest: String, value: f64) -> String {
    let exact = format!("{:.60e}", value.abs());
    let exact = digits(exact.split_once('e').map_or("", |(mantissa, _)| mantissa));
    let (lower, rest) = exact.split_at(shortest.len().min(exact.len()));
    let is_tie = rest.trim_end_matches('0') == "5";
    if is_tie && lower.ends_with(['0', '2', '4', '6', '8']) { lower.to_owned() } else { shortest }
}

/// The layout rules: plain from 0.0001 up to 15 digits before the point, else an exponent.
fn place_point(digits: &str, point: i32) -> String {
    let Ok(before) = usize::try_from(point) else {
        return small(digits, point);
    };
    match before {
        0 => small(digits, point),
        _ if before < digits.len() => format!("{}.{}", &digits[..before], &digits[before..]),
        _ if before <= 15 => format!("{digits}{}.0", "0".repeat(before - digits.len())),
        _ => format!("{}e+{}", scientific(digits), before - 1),
    }
}

fn small(digits: &str, point: i32) -> String {
    match usize::try_from(-point) {
        Ok(zeros @ 0..=3) => format!("0.{}{digits}", "0".repeat(zeros)),
        _ => format!("{}e{}", scientific(digits), point - 1),
    }
}

fn scientific(digits: &str) -> String {
    let (first, rest) = digits.split_at(1);
    format!("{first}.{}", if rest.is_empty() { "0" } else { rest })
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn floats_look_as_in_swi_prolog() {
        let table = [
            (1e10, "10000000000.0"),
            (1e14, "100000000000000.0"),
            (1e15, "1.0e+15"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (1e22, "1.0e+22"),
            (1.5e300, "1.5e+300"),
            (0.0001, "0.0001"),
            (0.000_01, "1.0e-5"),
            (0.000_012_345, "1.2345e-5"),
            (-0.0, "-0.0"),
            (5e-324, "5.0e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (999_999_999_999_999.9, "999999999999999.9"),
            (1_234_567_890_123_456.0, "1.234567890123456e+15"),
            (9_007_199_254_740_992.0, "9.007199254740992e+15"),
            (0.000_123_45, "0.00012345"),
            (1_795_397_300.151_308_8, "1795397300.1513088"),
            (104_999_463_279_977.13, "104999463279977.12"),
            (104_999_463_279_977.38, "104999463279977.38"),
            (0.5, "0.5"),
            (f64::NEG_INFINITY, "-1.0Inf"),
            (f64::NAN, "1.5NaN"),
        ];
        for (value, text) in table {
            assert_eq!(write(value), text);
        }
    }
}
