//! The embedded profiles, and what a profile may be called.

/// Names and texts of the embedded profiles.
pub const EMBEDDED: [(&str, &str); 5] = [
    ("codebook", include_str!("../../assets/profiles/codebook.toml")),
    ("ecosystem", include_str!("../../assets/profiles/ecosystem.toml")),
    ("kinexus", include_str!("../../assets/profiles/kinexus.toml")),
    ("orchestrator", include_str!("../../assets/profiles/orchestrator.toml")),
    ("pggit", include_str!("../../assets/profiles/pggit.toml")),
];

/// The text of an embedded profile.
#[must_use]
pub fn embedded(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Whether a name may become a file name: letters, digits, `-` and `_`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
