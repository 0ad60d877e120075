//! Values as Go's reader of floats takes them, bit for bit: short decimals by exact arithmetic, all others by the standard
//! library. What Go refuses (`1_2`, `0x1p3`, `+NaN`, `1e999`) is refused.

/// The bits of NaN as a page can say it; a page cannot make the staleness marker.
const NAN: u64 = 0x7ff8_0000_0000_0001;
/// Powers of ten that a float holds exactly.
const EXACT: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

fn ends(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'{')
}

/// The value at the head of these bytes, and how many bytes it has. `None`: no value stands there.
pub(super) fn value(bytes: &[u8]) -> Option<(f64, usize)> {
    short(bytes).or_else(|| {
        let end = bytes.iter().position(|b| ends(*b)).unwrap_or(bytes.len());
        Some((any(bytes.get(..end)?)?, end))
    })
}

/// Digits, perhaps a point, perhaps an exponent, where one rounding gives the nearest float: both the digits and the power
/// of ten are exact then.
fn short(bytes: &[u8]) -> Option<(f64, usize)> {
    let negative = bytes.first() == Some(&b'-');
    let mut at = usize::from(negative || bytes.first() == Some(&b'+'));
    let (mut mantissa, mut digits, mut scale) = (0u64, 0u32, 0i32);
    let mut point = false;
    let ended = loop {
        match bytes.get(at) {
            Some(digit @ b'0'..=b'9') => {
                mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
                digits += 1;
                scale -= i32::from(point);
            }
            Some(b'.') if !point => point = true,
            other => break other,
        }
        at += 1;
    };
    if digits == 0 || digits > 19 {
        return None;
    }
    match ended {
        None => {}
        Some(byte) if ends(*byte) => {}
        Some(b'e' | b'E') => {
            let (exponent, length) = exponent(bytes.get(at + 1..)?)?;
            scale += exponent;
            at += 1 + length;
        }
        Some(_) => return None,
    }
    if mantissa > 1 << 53 {
        return None;
    }
    let power = *EXACT.get(scale.unsigned_abs() as usize)?;
    let value = if scale < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
    Some((if negative { -value } else { value }, at))
}

/// A small exponent and its length; it has to end where the value ends.
fn exponent(bytes: &[u8]) -> Option<(i32, usize)> {
    let negative = bytes.first() == Some(&b'-');
    let signed = usize::from(negative || bytes.first() == Some(&b'+'));
    let digits = bytes.get(signed..)?;
    let length = digits.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let whole = (1..=3).contains(&length) && digits.get(length).is_none_or(|b| ends(*b));
    let number = digits.iter().take(length).fold(0, |sum, b| sum * 10 + i32::from(b - b'0'));
    whole.then_some((if negative { -number } else { number }, signed + length))
}

/// Any value, all of these bytes.
pub(super) fn any(bytes: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let value: f64 = text.parse().ok()?;
    if value.is_nan() {
        return (text.len() == 3).then_some(f64::from_bits(NAN)); // a sign on NaN is refused
    }
    // Too large for a float is an error, not infinity.
    let infinite = text.contains(['i', 'I']);
    (value.is_finite() || infinite).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_go_reads() {
        let read = |text: &str| value(text.as_bytes()).map(|(value, length)| (value.to_bits(), length));
        let is = |text: &str, expected: f64| assert_eq!(read(text), Some((expected.to_bits(), text.len())), "{text}");
        for (text, expected) in [
            ("0", 0.0),
            ("-0", -0.0),
            ("+5", 5.0),
            ("5.", 5.0),
            (".5", 0.5),
            ("12.50", 12.5),
            ("1.7976931348623157e+308", f64::MAX),
            ("5e-324", 5e-324),
            ("1e-400", 0.0),
            ("1E3", 1000.0),
            ("1.23e+09", 1.23e9),
            ("9007199254740993", 9007199254740992.0),
            ("123456789012345678901234567890", 123456789012345678901234567890.0),
            ("+Inf", f64::INFINITY),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("NaN", f64::from_bits(NAN)),
            ("nan", f64::from_bits(NAN)),
        ] {
            is(text, expected);
        }
        for text in [
            "", "1_2", "0x1", "0x1p3", "+NaN", "-nan", "1e999", "-1e999", "1e", "e1", ".", "-", "+", "--1", "1.2.3",
            "1,5", "true", "1\0", "\0", "1\r", "infi", "١",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(value(b"12 34"), Some((12.0, 2)));
        assert_eq!(value(b"12{"), Some((12.0, 2)));
    }

    proptest::proptest! {
        #[test]
        fn every_float_is_read_back(bits: u64) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                for text in [format!("{value}"), format!("{value:e}"), format!("{value:.3}")] {
                    let nearest: f64 = text.parse().unwrap();
                    proptest::prop_assert_eq!(super::value(text.as_bytes()), Some((nearest, text.len())), "{}", text);
                }
            }
        }

        #[test]
        fn short_decimals_are_the_nearest_floats(digits in 0u64..1 << 60, exponent in -30i32..30, point in 0usize..19) {
            let mut text = digits.to_string();
            text.insert(point.min(text.len()), '.');
            let text = format!("{text}e{exponent}");
            let nearest: f64 = text.parse().unwrap();
            proptest::prop_assert_eq!(super::value(text.as_bytes()), Some((nearest, text.len())));
        }
    }
}
