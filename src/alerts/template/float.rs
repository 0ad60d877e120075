//! Floats in Go's forms: `%e`, `%f`, `%g` with a precision or the fewest digits that tell the number, `%x`.

/// A float in a form (`e`, `E`, `f`, `F`, `g`, `G`, `x`, `X`); no precision means the fewest digits.
pub fn go(value: f64, form: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let text = match form {
        'f' | 'F' => precision.map_or_else(|| format!("{value}"), |digits| format!("{value:.digits$}")),
        'x' | 'X' => hexadecimal(value, precision),
        'g' | 'G' => general(value, precision),
        _ => {
            let (digits, exponent) = scientific(value, precision);
            exponential(&digits, exponent)
        }
    };
    if form.is_ascii_uppercase() && form != 'F' { text.to_uppercase() } else { text }
}

/// As `%v` and `print` have it.
pub fn plain(value: f64) -> String {
    go(value, 'g', None)
}

/// Digits with their sign and point, and the power of ten.
fn scientific(value: f64, digits: Option<usize>) -> (String, i32) {
    let text = digits.map_or_else(|| format!("{value:e}"), |digits| format!("{value:.digits$e}"));
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.to_owned(), exponent.parse().unwrap_or(0))
}

fn exponential(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

fn general(value: f64, precision: Option<usize>) -> String {
    let wanted = precision.map(|digits| digits.max(1));
    let (digits, exponent) = scientific(value, wanted.map(|digits| digits - 1));
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    // With the fewest digits, a million is where powers of ten begin, as fmt and strconv have it.
    let most = i32::try_from(wanted.unwrap_or(6)).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= most {
        return exponential(digits, exponent);
    }
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    let behind = i32::try_from(count).unwrap_or(i32::MAX) - 1 - exponent;
    let behind = usize::try_from(behind).unwrap_or(0);
    // The digits were rounded already; written out with as many, the number reads the same.
    let rounded: f64 = exponential(digits, exponent).parse().unwrap_or(value);
    format!("{rounded:.behind$}")
}

fn hexadecimal(value: f64, precision: Option<usize>) -> String {
    let bits = value.to_bits();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let mut mantissa = bits & ((1 << 52) - 1);
    let mut power = i32::try_from(bits >> 52 & 0x7ff).unwrap_or(0) - 1023;
    if power == -1023 && mantissa != 0 {
        power += 1;
        while mantissa & (1 << 52) == 0 {
            mantissa <<= 1;
            power -= 1;
        }
    } else if value == 0.0 {
        power = 0;
    } else {
        mantissa |= 1 << 52;
    }
    if let Some(digits) = precision.filter(|digits| *digits < 13) {
        // To the even one where it lies between two.
        let dropped = (13 - digits) * 4;
        let (kept, rest, half) = (mantissa >> dropped, mantissa & ((1 << dropped) - 1), 1 << (dropped - 1));
        let up = rest > half || rest == half && kept & 1 == 1;
        mantissa = (kept + u64::from(up)) << dropped;
        if mantissa >> 53 > 0 {
            mantissa >>= 1;
            power += 1;
        }
    }
    let digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let digits = match precision {
        None => digits.trim_end_matches('0').to_owned(),
        Some(wanted) => digits.chars().chain(std::iter::repeat('0')).take(wanted).collect(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let mark = if power < 0 { '-' } else { '+' };
    format!("{sign}0x{}{point}{digits}p{mark}{:02}", mantissa >> 52, power.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_go_prints_them() {
        for (value, told) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (100000.0, "100000"),
            (1000000.0, "1e+06"),
            (1234567.0, "1.234567e+06"),
            (123456.789, "123456.789"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e100, "1e+100"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(plain(value), told);
        }
        for (value, form, precision, told) in [
            (12345.0, 'g', Some(4), "1.234e+04"),
            (99995.0, 'g', Some(4), "1e+05"),
            (1000.0, 'g', Some(4), "1000"),
            (0.12345, 'g', Some(4), "0.1235"),
            (0.00001234, 'g', Some(2), "1.2e-05"),
            (1.5, 'e', Some(6), "1.500000e+00"),
            (1.5, 'E', Some(0), "2E+00"),
            (2.5, 'f', Some(0), "2"),
            (1e6, 'f', Some(2), "1000000.00"),
            (1.5, 'x', None, "0x1.8p+00"),
            (-0.1, 'x', None, "-0x1.999999999999ap-04"),
            (5e-324, 'x', None, "0x1p-1074"),
            (0.0, 'x', Some(2), "0x0.00p+00"),
            (1.0, 'x', Some(3), "0x1.000p+00"),
            (1.96875, 'x', Some(1), "0x1.0p+01"),
            (1.03125, 'x', Some(1), "0x1.0p+00"),
        ] {
            assert_eq!(go(value, form, precision), told, "{value} {form} {precision:?}");
        }
    }
}
