//! What the screen shows, character by character, at the sizes of the contract; and what holds at any size.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod sample;

use std::time::Duration;

use proptest::prelude::*;
use quarterdeck::app::geometry::Geometry;
use quarterdeck::app::help;
use quarterdeck::app::limit::Limit;
use quarterdeck::app::pane::{Block, PaneId, PaneView};
use quarterdeck::app::screen::{Chrome, OverlayView};
use quarterdeck::app::table::Tone;
use quarterdeck::app::view::Page;
use quarterdeck::config::resolved::Colours;
use quarterdeck::domain::cause::Cause;
use quarterdeck::domain::{Moment, PaneState, Safe};
use quarterdeck::input::dialog::{Ask, Hint};
use quarterdeck::ui::{self, Theme};
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use sample::Sample;

type View<'a> = &'a dyn Fn(PaneId, u16, u16) -> PaneView;

fn dark() -> Theme {
    Theme::load("dark", Colours::Sixteen, false).expect("built in")
}

fn drawn(
    size: (u16, u16),
    view: View<'_>,
    chrome: &Chrome,
    overlays: &[OverlayView<'_>],
    theme: &Theme,
) -> (Buffer, Geometry) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    let geometry = ui::draw(&mut buffer, view, chrome, overlays, theme);
    (buffer, geometry)
}

/// The screen as text. A wide character takes its place and the next.
fn text(buffer: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += symbol.cell_width().max(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

fn shot(size: (u16, u16), chrome: &Chrome, overlays: &[OverlayView<'_>]) -> String {
    let sample = Sample::default();
    text(&drawn(size, &|id, w, h| sample.view(id, w, h), chrome, overlays, &dark()).0)
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn size_name(name: &str, (width, height): (u16, u16)) -> String {
    format!("{name}-{width}x{height}")
}

/// What the keys do to the line that is typed.
const KEYS: &[Hint] = &[(Ask::Choose, "keep"), (Ask::Leave, "clear")];

#[test]
fn every_page_at_the_sizes_of_the_contract() {
    for size in SIZES {
        for page in [Page::Overview, Page::Services, Page::Database, Page::Cache, Page::Logs, Page::Alerts] {
            let name = size_name(&page.title().to_lowercase(), size);
            insta::assert_snapshot!(name, shot(size, &sample::chrome(page), &[]));
        }
    }
}

#[test]
fn a_pane_in_each_of_its_states() {
    let states = [
        PaneState::Loading { waiting: Duration::from_secs(3) },
        PaneState::Ok,
        PaneState::Empty { asked: Safe::of("no statement took longer than 100ms in the last 60s") },
        PaneState::Stale { age: Duration::from_secs(14) },
        PaneState::Error {
            cause: Cause::Refused { family: "IPv4" },
            since: Moment::fixed(0.0),
            times: 3,
            retry_in: Duration::from_secs(4),
        },
        PaneState::Denied { missing: Safe::of("pg_monitor"), fix: vec![Safe::of("GRANT pg_monitor TO quarterdeck;")] },
        PaneState::Off {
            why: Safe::of("no database is configured"),
            turn_on: Safe::of("[[databases]]  url = \"env:DATABASE_URL\""),
        },
        PaneState::Frozen,
    ];
    let sample = Sample::default();
    let chrome = sample::chrome(Page::Overview);
    for (index, state) in states.into_iter().enumerate() {
        let view = |id: PaneId, width: u16, height: u16| {
            let mut view = sample.view(id, width, height);
            if matches!(id, PaneId::Connections | PaneId::SlowQueries) {
                view.state = state.clone();
            }
            if id == PaneId::SlowQueries && !matches!(state, PaneState::Ok | PaneState::Frozen) {
                view.blocks.clear();
            }
            view
        };
        for size in [(80, 24), (120, 40)] {
            let (buffer, _) = drawn(size, &view, &chrome, &[], &dark());
            insta::assert_snapshot!(size_name(&format!("state-{index}"), size), text(&buffer));
        }
    }
}

#[test]
fn old_values_stay_and_are_greyed() {
    let sample = Sample::default();
    let chrome = sample::chrome(Page::Overview);
    let stale =
        |id, w, h| PaneView { state: PaneState::Stale { age: Duration::from_secs(9) }, ..sample.view(id, w, h) };
    let (fresh, _) = drawn((120, 40), &|id, w, h| sample.view(id, w, h), &chrome, &[], &dark());
    let (old, geometry) = drawn((120, 40), &stale, &chrome, &[], &dark());
    let greyed = dark().roles.stale;
    for (id, inner) in geometry.panes {
        for y in inner.y..inner.y + inner.height {
            for x in inner.x..inner.x + inner.width {
                assert_eq!(fresh[(x, y)].symbol(), old[(x, y)].symbol(), "{id:?}");
                let heading = old[(x, y)].style().add_modifier.contains(Modifier::UNDERLINED);
                if !heading && !old[(x, y)].symbol().trim().is_empty() {
                    assert_eq!(old[(x, y)].fg, greyed.fg.expect("the stale look names a colour"), "{id:?} at {x},{y}");
                }
            }
        }
    }
}

#[test]
fn the_selected_row_is_marked_by_more_than_colour() {
    for selected in [0, 5, 13] {
        let sample = Sample { selected: Some(selected), ..Sample::default() };
        let (buffer, _) =
            drawn((80, 24), &|id, w, h| sample.view(id, w, h), &sample::chrome(Page::Overview), &[], &dark());
        let reversed: Vec<u16> =
            (0..24).filter(|y| buffer[(6, *y)].style().add_modifier.contains(Modifier::REVERSED) && *y > 1).collect();
        let marked: Vec<u16> = (2..24).filter(|y| buffer[(0, *y)].symbol() == "▶").collect();
        assert_eq!(reversed, marked, "row {selected}");
        assert_eq!(marked.len(), 2, "a row of the services, a row of the statements");
        insta::assert_snapshot!(format!("selected-{selected}"), text(&buffer));
    }
}

#[test]
fn filter_and_prompt() {
    let sample = Sample { filter: "web", ..Sample::default() };
    let mut chrome = sample::chrome(Page::Services);
    chrome.prompt = Some(("/", Safe::of("web"), KEYS));
    for size in [(80, 24), (120, 40)] {
        let (buffer, _) = drawn(size, &|id, w, h| sample.view(id, w, h), &chrome, &[], &dark());
        insta::assert_snapshot!(size_name("filter", size), text(&buffer));
    }
    let nothing = Sample { filter: "no such thing", ..Sample::default() };
    let (buffer, _) = drawn((80, 24), &|id, w, h| nothing.view(id, w, h), &chrome, &[], &dark());
    assert!(text(&buffer).contains("nothing matches the filter (0 of 14)"));
}

#[test]
fn overlays() {
    let help = help::document(PaneId::Services);
    let detail = sample::detail();
    for size in SIZES {
        let chrome = sample::chrome(Page::Overview);
        let document = |document, scroll| [OverlayView::Document { document, scroll }];
        insta::assert_snapshot!(size_name("help", size), shot(size, &chrome, &document(&help, 0)));
        insta::assert_snapshot!(size_name("help-end", size), shot(size, &chrome, &document(&help, usize::MAX)));
        insta::assert_snapshot!(size_name("detail", size), shot(size, &chrome, &document(&detail, 0)));
        for (name, typed, chosen) in [("palette", "", 14), ("palette-typed", "da", 0), ("palette-none", "xyzzy", 0)] {
            let palette = [OverlayView::Palette { typed: Safe::of(typed), offered: Vec::new(), chosen }];
            insta::assert_snapshot!(size_name(name, size), shot(size, &chrome, &palette));
        }
    }
}

#[test]
fn scrolling_tells_its_place() {
    let help = help::document(PaneId::Services);
    let sample = Sample::default();
    let overlay = [OverlayView::Document { document: &help, scroll: 3 }];
    let (buffer, geometry) =
        drawn((80, 24), &|id, w, h| sample.view(id, w, h), &sample::chrome(Page::Overview), &overlay, &dark());
    let last = 3 + usize::from(geometry.overlay_rows);
    let place = format!("4-{last} of {}", geometry.overlay_lines);
    assert!(text(&buffer).contains(&place), "{place}\n{}", text(&buffer));
}

#[test]
fn a_long_line_of_a_document_can_be_read_to_its_end() {
    let words: Vec<String> = (0..2000).map(|n| format!("w{n:04}")).collect();
    let mut document = quarterdeck::app::document::Document::new("A long query");
    document.field("query", Safe::of(words.join(" ")), Tone::Plain);
    document.line(Safe::of("x".repeat(3000)), Tone::Plain);
    let sample = Sample::default();
    for size in SIZES {
        let mut seen = String::new();
        let mut scroll = 0;
        loop {
            let overlay = [OverlayView::Document { document: &document, scroll }];
            let chrome = sample::chrome(Page::Overview);
            let (buffer, geometry) = drawn(size, &|id, w, h| sample.view(id, w, h), &chrome, &overlay, &dark());
            seen.push_str(&text(&buffer));
            scroll += usize::from(geometry.overlay_rows);
            if scroll >= geometry.overlay_lines {
                break;
            }
        }
        assert!(words.iter().all(|word| seen.contains(word.as_str())), "{size:?}");
        assert!(!seen.contains("w1999…") && seen.contains("xxxx │"), "{size:?}");
    }
}

/// Which look each run of a row has: one letter a column.
fn looks(buffer: &Buffer, y: u16, theme: &Theme) -> String {
    let roles = &theme.roles;
    let named = [
        ('B', roles.bad),
        ('W', roles.warn),
        ('O', roles.ok),
        ('U', roles.unknown),
        ('P', roles.band_production),
        ('F', roles.frozen),
        ('C', roles.chart),
        ('S', roles.strong),
        ('T', roles.tab_active),
    ];
    let look = |x: u16| {
        let cell = &buffer[(x, y)];
        let is = |style: ratatui::style::Style| {
            cell.fg == style.fg.unwrap_or_default()
                && cell.bg == style.bg.unwrap_or_default()
                && cell.modifier == style.add_modifier
        };
        named.iter().find(|(_, style)| is(*style)).map_or('.', |(letter, _)| *letter)
    };
    (0..buffer.area.width).map(look).collect()
}

#[test]
fn words_wear_their_tones() {
    let sample = Sample::default();
    let theme = dark();
    let mut chrome = sample::chrome(Page::Overview);
    chrome.frozen = Some(Safe::of("12s"));
    let (buffer, _) = drawn((80, 24), &|id, w, h| sample.view(id, w, h), &chrome, &[], &theme);
    let screen = text(&buffer);
    let told: Vec<String> = [0u16, 1, 2, 3, 4, 5, 8, 9, 12, 22, 23]
        .into_iter()
        .flat_map(|y| [screen.lines().nth(usize::from(y)).unwrap().to_owned(), looks(&buffer, y, &theme)])
        .collect();
    insta::assert_snapshot!("looks-80x24", told.join("\n"));
}

#[test]
fn zoom_and_freeze() {
    for size in SIZES {
        let mut chrome = sample::chrome(Page::Overview);
        chrome.focused = PaneId::SlowQueries;
        chrome.zoomed = true;
        chrome.frozen = Some(Safe::of("12s"));
        insta::assert_snapshot!(size_name("zoomed", size), shot(size, &chrome, &[]));
    }
}

#[test]
fn ascii() {
    let theme = Theme::load("dark", Colours::Sixteen, true).expect("built in");
    let sample = Sample { selected: Some(1), ..Sample::default() };
    for size in SIZES {
        let (buffer, _) = drawn(size, &|id, w, h| sample.view(id, w, h), &sample::chrome(Page::Overview), &[], &theme);
        let text = text(&buffer);
        assert!(text.is_ascii());
        insta::assert_snapshot!(size_name("ascii", size), text);
    }
}

#[test]
fn small_screens() {
    for size in [(60, 20), (40, 10), (39, 10), (30, 5), (60, 1), (12, 2), (80, 14), (250, 12), (45, 70)] {
        insta::assert_snapshot!(size_name("small", size), shot(size, &sample::chrome(Page::Overview), &[]));
    }
}

#[test]
fn the_strip_is_never_dropped() {
    for width in 40..200 {
        for height in [10, 24, 40] {
            let screen = shot((width, height), &sample::chrome(Page::Overview), &[]);
            let header = screen.lines().next().unwrap_or_default();
            assert!(header.contains("1 down  1 degraded  12 ok"), "{width}: {header}");
            assert!(header.contains("PRODUCTION"), "{width}: {header}");
        }
    }
}

#[test]
fn overlays_leave_the_strip_and_the_last_line() {
    let help = help::document(PaneId::Services);
    for height in 10..60 {
        let chrome = sample::chrome(Page::Overview);
        for overlay in [
            OverlayView::Document { document: &help, scroll: 0 },
            OverlayView::Palette { typed: Safe::default(), offered: Vec::new(), chosen: 0 },
        ] {
            let screen = shot((80, height), &chrome, &[overlay]);
            assert!(screen.lines().next().unwrap().contains("1 down  1 degraded"), "{height}");
            assert!(screen.lines().last().unwrap().contains("? help"), "{height}\n{screen}");
        }
    }
}

#[test]
fn a_lists_rows_are_told_for_paging() {
    let sample = Sample::default();
    let chrome = sample::chrome(Page::Overview);
    let (_, geometry) = drawn((80, 24), &|id, w, h| sample.view(id, w, h), &chrome, &[], &dark());
    assert_eq!(geometry.page_rows(PaneId::Services), 5);
    assert_eq!(geometry.page_rows(PaneId::SlowQueries), 2, "the heading is no row");
    assert_eq!(geometry.page_rows(PaneId::Logs), 6);
}

#[test]
fn every_theme_draws_every_page() {
    let sample = Sample { selected: Some(0), ..Sample::default() };
    for name in ui::theme::NAMES {
        for colours in [Colours::None, Colours::Sixteen, Colours::Full] {
            let theme = Theme::load(name, colours, false).expect("built in");
            for page in Page::ALL {
                let (buffer, _) =
                    drawn((120, 40), &|id, w, h| sample.view(id, w, h), &sample::chrome(page), &[], &theme);
                assert_eq!(
                    text(&buffer),
                    text(&drawn((120, 40), &|id, w, h| sample.view(id, w, h), &sample::chrome(page), &[], &dark()).0)
                );
            }
        }
    }
}

/// Blocks that no sane program would hand over.
fn odd_blocks() -> Vec<Block> {
    let sample = Sample { services: 3, ..Sample::default() };
    let mut blocks: Vec<Block> = [PaneId::Latency, PaneId::Connections, PaneId::Services, PaneId::Logs, PaneId::Cache]
        .into_iter()
        .flat_map(|id| sample.view(id, 0, 40).blocks)
        .collect();
    blocks.push(Block::Bar {
        parts: vec![(f64::NAN, Tone::Ok), (7.0, Tone::Bad), (-3.0, Tone::Warn), (f64::INFINITY, Tone::Dim)],
        limit: Some(f64::NAN),
    });
    blocks.push(Block::Histogram { all: [].into(), part: [None, Some(u32::MAX)].into(), label: Safe::of("日本") });
    blocks.push(Block::Chart(quarterdeck::app::pane::Chart {
        label: Safe::of("日本語".repeat(50)),
        values: sample::empty_values(),
        top: Some(f32::NAN),
        marks: vec![0, usize::MAX],
        figure: Safe::of("9".repeat(300)),
        tone: Tone::Bad,
        figure_width: u16::MAX,
        limit: Some(Limit::target(f64::NAN, Safe::of("8".repeat(300)))),
        more_rows: 4,
    }));
    blocks
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn no_size_panics_and_ascii_stays_ascii(
        width in 0u16..=300,
        height in 0u16..=100,
        page in 0usize..10,
        zoomed: bool,
        ascii: bool,
        odd: bool,
        overlay in 0usize..4,
        selected in proptest::option::of(0usize..50),
        words in "\\PC{0,60}",
        scroll_right in 0usize..100,
    ) {
        let theme = Theme::load("dark", Colours::Full, ascii).expect("built in");
        let sample = Sample { selected, ..Sample::default() };
        let mut chrome = sample::chrome(Page::ALL[page]);
        chrome.zoomed = zoomed;
        chrome.scroll_right = scroll_right;
        chrome.name = Safe::of(&words);
        if overlay == 3 {
            chrome.prompt = Some(("/", Safe::of(&words), KEYS));
        }
        let view = |id: PaneId, w: u16, h: u16| {
            let mut view = sample.view(id, w, h);
            if odd {
                view.blocks = odd_blocks();
                view.title.push(quarterdeck::app::document::Span { text: Safe::of(&words), tone: Tone::Bad });
            }
            view
        };
        let mut document = sample::detail();
        document.line(Safe::of(&words), Tone::Plain);
        let overlays = match overlay {
            0 => vec![OverlayView::Document { document: &document, scroll: scroll_right }],
            1 => vec![OverlayView::Palette { typed: Safe::of(&words), offered: Vec::new(), chosen: scroll_right }],
            _ => Vec::new(),
        };
        let (buffer, geometry) = drawn((width, height), &view, &chrome, &overlays, &theme);
        prop_assert_eq!((geometry.screen.width, geometry.screen.height), (width, height));
        if ascii {
            prop_assert!(buffer.content.iter().all(|cell| cell.symbol().is_ascii()), "{}", text(&buffer));
        }
    }
}

#[test]
fn no_pane_writes_over_its_frame() {
    let sample = Sample::default();
    for (page, selected) in Page::ALL.into_iter().flat_map(|page| [(page, false), (page, true)]) {
        let view = |id: PaneId, w: u16, h: u16| {
            let mut view = Sample { selected: selected.then_some(1), ..sample }.view(id, w, h);
            view.blocks.extend(odd_blocks());
            view.title.push(quarterdeck::app::document::Span { text: Safe::of("語".repeat(90)), tone: Tone::Bad });
            view
        };
        let (buffer, geometry) = drawn((120, 40), &view, &sample::chrome(page), &[], &dark());
        for (id, inner) in geometry.panes {
            let (left, right) = (inner.x - 2, inner.x + inner.width + 1);
            for y in inner.y..inner.y + inner.height {
                assert_eq!(
                    (buffer[(left, y)].symbol(), buffer[(right, y)].symbol()),
                    ("│", "│"),
                    "{page:?} {id:?} {y}"
                );
            }
            let corners = [(left, inner.y - 1), (right, inner.y - 1), (left, inner.y + inner.height)];
            assert_eq!(corners.map(|at| buffer[at].symbol()), ["┌", "┐", "└"], "{page:?} {id:?}");
        }
    }
}

#[test]
fn extreme_sizes() {
    for size in [(0, 0), (1, 1), (0, 5), (5, 0), (1000, 60), (60, 500), (1000, 500)] {
        for page in Page::ALL {
            shot(size, &sample::chrome(page), &[]);
        }
    }
}
