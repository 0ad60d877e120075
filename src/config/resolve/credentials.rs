//! User-info of a URL becomes an Authorization header: it must not be shown, logged or sent to another host.

use url::Url;

use crate::domain::secret::{Secret, SecretRef};

/// Takes user and password out of the URL; `Basic …` when there were any.
pub fn take_user_info(url: &mut Url) -> Option<SecretRef> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair = decoded(url.username());
    pair.push(b':');
    pair.extend(decoded(url.password().unwrap_or_default()));
    // These fail only for URLs without a host, which are refused before.
    let cleared = url.set_username("").is_ok() && url.set_password(None).is_ok();
    cleared.then(|| SecretRef::Inline(Secret::new(format!("Basic {}", base64(&pair)))))
}

/// Percent-decoding.
fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let pair = (byte == b'%').then(|| Some((hex(ahead.next()?)?, hex(ahead.next()?)?))).flatten();
        match pair {
            Some((high, low)) => {
                out.push(high * 16 + low);
                bytes = ahead;
            }
            None => out.push(byte),
        }
    }
    out
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4usize {
            let digit = DIGITS.get((group >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'=');
            out.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_info_leaves_the_url_and_becomes_a_header() {
        let mut url = Url::parse("https://ops:p%40ss@api.example.com/health").unwrap();
        let Some(SecretRef::Inline(secret)) = take_user_info(&mut url) else { panic!("no header") };
        assert_eq!(secret.expose(), "Basic b3BzOnBAc3M=");
        assert_eq!(url.as_str(), "https://api.example.com/health");
        assert!(take_user_info(&mut url).is_none());
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), coded);
        }
        assert_eq!(decoded("%zz%4"), b"%zz%4");
    }
}
