//! Takes secrets that we sent out of what comes back: a server that repeats what it was asked, in an error or an echo, tells
//! them nobody else. Whole secrets only, in the forms in which they travel.

use memchr::memmem;

use crate::domain::Safe;

/// What stands for a secret.
const MASK: &[u8] = b"***";
/// What is shorter cannot be told from the words around it: `true`, `false`, `admin`.
const SHORTEST: usize = 6;

/// Secrets, in every form in which a server may repeat them; the longest first.
#[derive(Default)]
pub struct Mask(Vec<Vec<u8>>);

impl Mask {
    /// Of these secrets.
    #[must_use]
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Mask {
        let mut forms: Vec<Vec<u8>> = secrets.into_iter().flat_map(forms).collect();
        forms.retain(|form| form.len() >= SHORTEST);
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.dedup();
        Mask(forms)
    }

    /// Bytes without them.
    #[must_use]
    pub fn hide(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for form in &self.0 {
            if memmem::find(&bytes, form).is_some() {
                bytes = replaced(&bytes, form);
            }
        }
        bytes
    }

    /// Words without them.
    #[must_use]
    pub fn words(&self, words: &Safe) -> Safe {
        Safe::of_bytes(&self.hide(words.as_str().as_bytes().to_vec()))
    }
}

fn replaced(bytes: &[u8], form: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memmem::find(rest, form) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(MASK);
        rest = rest.get(at + form.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// As it is, as JSON and a URL write it, and what is in it: of `Basic …` the pair and the password.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut plain = vec![secret.to_owned()];
    if let Some((_scheme, rest)) = secret.split_once(' ') {
        plain.push(rest.to_owned());
        if let Some(pair) = of_base64(rest).and_then(|bytes| String::from_utf8(bytes).ok()) {
            plain.extend(pair.split_once(':').map(|(_user, password)| password.to_owned()));
            plain.push(pair);
        }
    }
    let mut all = Vec::new();
    for text in plain {
        let in_json = serde_json::to_string(&text).unwrap_or_default();
        all.push(in_json.trim_matches('"').as_bytes().to_vec());
        all.push(url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().into_bytes());
        all.push(text.into_bytes());
    }
    all
}

fn of_base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.trim_end_matches('=').bytes().map(digit).collect::<Option<_>>()?;
    let whole = |chunk: &[u32]| {
        let at = |place: usize| chunk.get(place).copied().unwrap_or(0);
        let group = at(0) << 18 | at(1) << 12 | at(2) << 6 | at(3);
        [group >> 16, group >> 8, group].map(|byte| (byte & 255) as u8).into_iter().take(chunk.len().saturating_sub(1))
    };
    Some(digits.chunks(4).flat_map(whole).collect())
}

fn digit(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(secret: &str, text: &str) -> String {
        String::from_utf8(Mask::of([secret]).hide(text.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn every_form_of_a_secret_is_hidden() {
        assert_eq!(hidden("s3cret", "no s3cret here, s3cret there"), "no *** here, *** there");
        assert_eq!(hidden("a\"b/c d", r#"{"x":"a\"b/c d","y":"a%22b%2Fc+d"}"#), r#"{"x":"***","y":"***"}"#);
        assert_eq!(hidden("Bearer t0ken99", "Bearer t0ken99; t0ken99"), "***; ***");
        let basic = "Basic b3BzOmh1bnRlcjI=";
        assert_eq!(hidden(basic, "b3BzOmh1bnRlcjI= ops:hunter2 hunter2 ops"), "*** *** *** ops");
        assert_eq!(hidden("false", "false"), "false", "too short to be told from a word");
        assert_eq!(hidden("", "abc"), "abc");
    }
}
