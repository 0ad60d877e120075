//! Every built-in theme at every depth of colour: it loads, its tones are told apart, and what it says can be read.

use super::*;

const DEPTHS: [Colours; 3] = [Colours::None, Colours::Sixteen, Colours::Full];

fn every() -> impl Iterator<Item = (&'static str, Colours, Theme)> {
    NAMES.iter().flat_map(|name| DEPTHS.map(|depth| (*name, depth, Theme::load(name, depth, false).unwrap())))
}

#[test]
fn unknown_names_and_keys_are_refused() {
    let said = Theme::load("drak", Colours::Full, false).unwrap_err();
    assert!(said.as_str().contains("dark, light, high-contrast, colour-blind, monochrome"), "{said}");
    let good = source("dark").unwrap();
    for (from, to) in [
        ("ground = {}", "ground = {}\nbackground = {}"),
        ("ground = {}\n", ""),
        ("fg = \"green\"", "fg = \"grean\""),
        ("fg = \"green\"", "foreground = \"green\""),
        ("basic = \"green\"", "basic = \"#00ff00\""),
        ("#7ec699", "#7ec69"),
    ] {
        assert!(good.contains(from));
        assert!(file::read(&good.replacen(from, to, 1), Colours::Full).is_err(), "{from} -> {to}");
    }
}

#[test]
fn severities_are_told_apart() {
    for (name, depth, theme) in every() {
        let roles = &theme.roles;
        let tones = [roles.ok, roles.warn, roles.bad, roles.unknown, roles.stale];
        for (at, one) in tones.iter().enumerate() {
            assert!(tones[at + 1..].iter().all(|other| other != one), "{name} {depth:?}: {one:?} twice");
        }
        for alarm in [roles.warn, roles.bad, roles.unknown] {
            assert_ne!(alarm, roles.plain, "{name} {depth:?}");
        }
        assert_ne!(roles.selection, Style::new(), "{name} {depth:?}");
        assert_ne!(roles.tab, roles.tab_active, "{name} {depth:?}");
        assert_ne!(roles.band_production, roles.band_staging, "{name} {depth:?}");
        assert_ne!(roles.band_staging, roles.band_local, "{name} {depth:?}");
    }
}

#[test]
fn no_colour_means_no_colour() {
    for (name, depth, theme) in every() {
        if depth == Colours::None || name == "monochrome" {
            for style in text_styles(&theme.roles) {
                assert!(matches!(style.fg, None | Some(Color::Reset)), "{name}");
                assert!(matches!(style.bg, None | Some(Color::Reset)), "{name}");
            }
        }
        if depth == Colours::Sixteen {
            for style in text_styles(&theme.roles) {
                let fine = |c: Option<Color>| matches!(c, Some(Color::Rgb(..) | Color::Indexed(_)));
                assert!(!fine(style.fg) && !fine(style.bg), "{name}: {style:?}");
            }
        }
    }
}

#[test]
fn text_can_be_read() {
    for (name, depth, theme) in every() {
        let (ink, paper) = if name == "light" { ((30, 30, 30), (255, 255, 255)) } else { ((210, 210, 210), (0, 0, 0)) };
        for style in text_styles(&theme.roles) {
            let fg = rgb(style.fg, ink);
            let bg = rgb(style.bg.or(theme.roles.ground.bg), paper);
            let ratio = contrast(fg, bg);
            let dimmed = style.add_modifier.contains(Modifier::DIM);
            assert!(!(dimmed && style.fg != Some(Color::Reset)), "{name} {depth:?}: a dimmed colour may vanish");
            assert!(ratio >= 4.5, "{name} {depth:?}: {style:?} has a contrast of {ratio:.1}");
        }
    }
}

/// Of shapes as large as bars and columns; what a terminal makes of its sixteen colours is its own.
#[test]
fn what_is_drawn_can_be_seen() {
    for (name, _, theme) in every().filter(|(_, depth, _)| *depth == Colours::Full) {
        let (ink, paper) = if name == "light" { ((30, 30, 30), (255, 255, 255)) } else { ((210, 210, 210), (0, 0, 0)) };
        let bg = rgb(theme.roles.ground.bg, paper);
        let tones = [Tone::Ok, Tone::Warn, Tone::Bad, Tone::Unknown].map(|tone| theme.solid(tone));
        for style in tones.into_iter().chain([theme.roles.chart, theme.roles.chart_mark, theme.roles.bar_limit]) {
            let ratio = contrast(rgb(style.fg, ink), bg);
            assert!(ratio >= 3.0, "{name}: {style:?} has a contrast of {ratio:.1}");
        }
    }
}

#[test]
fn a_selected_row_can_be_read() {
    for (name, depth, theme) in every() {
        let roles = &theme.roles;
        let (ink, paper) = if name == "light" { ((30, 30, 30), (255, 255, 255)) } else { ((210, 210, 210), (0, 0, 0)) };
        let laid = roles.selection;
        for tone in [roles.plain, roles.dim, roles.ok, roles.warn, roles.bad, roles.unknown, roles.accent, roles.stale]
        {
            let own = tone.fg.filter(|fg| *fg != Color::Reset);
            let (fg, bg) = match theme.keeps_tones_when_selected() {
                true if tone.bg.is_some() => (tone.fg, tone.bg),
                true => (own.or(laid.fg), laid.bg),
                false => (laid.fg, laid.bg),
            };
            let known = |colour: Option<Color>| colour.is_some_and(|c| c != Color::Reset);
            assert_eq!(known(fg), known(bg), "{name} {depth:?}: {tone:?} on a row of another's colour");
            let ratio = contrast(rgb(fg, ink), rgb(bg, paper));
            assert!(ratio >= 4.5, "{name} {depth:?}: {tone:?} selected has a contrast of {ratio:.1}");
        }
    }
}

#[test]
fn the_ground_of_the_terminal_is_left_alone() {
    for (name, _, theme) in every() {
        if name != "high-contrast" {
            assert_eq!(theme.roles.ground, Style::new());
        }
    }
}

#[test]
fn tones_of_the_colour_blind_theme_differ_for_every_eye() {
    let theme = Theme::load("colour-blind", Colours::Full, false).unwrap();
    let roles = &theme.roles;
    let seen = |style: Style| rgb(style.bg.or(style.fg), (0, 0, 0));
    for (one, other) in [(roles.ok, roles.warn), (roles.ok, roles.bad)] {
        for eye in [DEUTERANOPIA, PROTANOPIA] {
            let (a, b) = (through(eye, seen(one)), through(eye, seen(other)));
            let distance: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            assert!(distance > 0.3, "{one:?} and {other:?}: {distance:.2}");
        }
    }
    // Yellow and vermillion come close: the bad tone is a solid block, the other is not.
    assert!(roles.bad.bg.is_some() && roles.warn.bg.is_none());
}

/// Linear sRGB as two kinds of colour vision see it (Machado, Oliveira and Fernandes, 2009, full severity).
type Eye = [[f64; 3]; 3];
const DEUTERANOPIA: Eye =
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]];
const PROTANOPIA: Eye =
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]];

fn through(eye: Eye, (r, g, b): (u8, u8, u8)) -> [f64; 3] {
    let linear = [r, g, b].map(linear);
    eye.map(|row| row.iter().zip(linear).map(|(weight, part)| weight * part).sum())
}

/// The looks in which words are written.
fn text_styles(roles: &Roles) -> Vec<Style> {
    vec![
        roles.plain,
        roles.dim,
        roles.strong,
        roles.ok,
        roles.warn,
        roles.bad,
        roles.unknown,
        roles.accent,
        roles.stale,
        roles.title,
        roles.title_focused,
        roles.corner,
        roles.heading,
        roles.matched,
        roles.header,
        roles.brand,
        roles.tab,
        roles.tab_active,
        roles.band_local,
        roles.band_dev,
        roles.band_staging,
        roles.band_production,
        roles.frozen,
        roles.hint_key,
        roles.hint,
        roles.prompt,
        roles.chart,
        roles.chart_mark,
        roles.overlay_frame,
    ]
}

/// The sixteen as xterm shows them; light terminals use much the same.
fn rgb(colour: Option<Color>, own: (u8, u8, u8)) -> (u8, u8, u8) {
    match colour {
        None | Some(Color::Reset) => own,
        Some(Color::Rgb(r, g, b)) => (r, g, b),
        Some(Color::Black) => (0, 0, 0),
        Some(Color::Red) => (180, 0, 0),
        Some(Color::Green) => (0, 205, 0),
        Some(Color::Yellow) => (205, 205, 0),
        Some(Color::Blue) => (0, 0, 238),
        Some(Color::Magenta) => (160, 0, 160),
        Some(Color::Cyan) => (0, 205, 205),
        Some(Color::Gray) => (229, 229, 229),
        Some(Color::DarkGray) => (127, 127, 127),
        Some(Color::LightRed) => (255, 80, 80),
        Some(Color::LightGreen) => (0, 255, 0),
        Some(Color::LightYellow) => (255, 255, 0),
        Some(Color::LightBlue) => (92, 92, 255),
        Some(Color::LightMagenta) => (255, 0, 255),
        Some(Color::LightCyan) => (0, 255, 255),
        Some(Color::White) => (255, 255, 255),
        Some(Color::Indexed(n)) => panic!("{n}"),
    }
}

fn linear(channel: u8) -> f64 {
    let c = f64::from(channel) / 255.0;
    if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
}

fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

fn contrast(a: (u8, u8, u8), b: (u8, u8, u8)) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
