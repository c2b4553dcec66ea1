//! Pictures of the tables: what went through as bars, round trips as curves of their percentiles.

use crate::field::{Kind, What};
use crate::measure::{Row, Table};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;
use std::fs::create_dir_all;
use std::path::Path;

type Drawn = Result<(), Box<dyn Error>>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(crate) const METHOD: &str = "medians of interleaved rounds, pinned, preempted samples thrown away";

/// The first is that of the bars.
const OURS: [RGBColor; 4] = [
    RGBColor(0xD5, 0x5E, 0x00),
    RGBColor(0x9E, 0x1B, 0x1B),
    RGBColor(0xE8, 0x8C, 0x5A),
    RGBColor(0x6B, 0x2E, 0x12),
];
const PEER: RGBColor = RGBColor(0x56, 0x8E, 0xC4);
const LIMIT: RGBColor = RGBColor(0xA8, 0xA8, 0xA8);
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const PAPER: RGBColor = WHITE;
/// Of the curves of peers; told apart by people who see red and green alike.
const PEERS: [RGBColor; 8] = [
    RGBColor(0x00, 0x72, 0xB2),
    RGBColor(0x00, 0x9E, 0x73),
    RGBColor(0xCC, 0x79, 0xA7),
    RGBColor(0x56, 0xB4, 0xE9),
    RGBColor(0x80, 0x60, 0x10),
    RGBColor(0xE6, 0x9F, 0x00),
    RGBColor(0x5B, 0x2C, 0x83),
    RGBColor(0x20, 0x40, 0x40),
];

/// Writes the plots of all tables into `folder`, and one of the first of each case.
pub(crate) fn write(tables: &[Table], under: &str, folder: &Path) -> Drawn {
    create_dir_all(folder)?;
    for table in tables {
        let file = folder.join(format!("{}.svg", table.case.replace('/', "-")));
        match table.what {
            What::Event => {
                bars(&file, table.case, under, 1, &[(String::new(), table.rows.iter().collect())])?
            }
            What::RoundTrip => curves(&file, table, under)?,
        }
    }
    let events = tables.iter().filter(|table| table.what == What::Event);
    let first = events.map(|table| {
        let kinds = [Kind::Limit, Kind::Ours, Kind::Peer];
        let mut rows: Vec<_> = kinds.into_iter().filter_map(|kind| table.best(kind)).collect();
        rows.sort_by(|a, b| a.median().total_cmp(&b.median()));
        (table.case.to_string(), rows)
    });
    let groups: Vec<_> = first.collect();
    let title = "Throughput: ringmain, the best peer, and the limit of the machine";
    bars(&folder.join("throughput.svg"), title, under, 2, &groups)
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

fn color(kind: Kind) -> RGBColor {
    match kind {
        Kind::Limit => LIMIT,
        Kind::Peer => PEER,
        Kind::Ours => OURS[0],
    }
}

/// Millions of events a second, in groups side by side in columns, each on a scale of its own.
fn bars(file: &Path, title: &str, under: &str, columns: usize, groups: &[(String, Vec<&Row>)]) -> Drawn {
    const BAR: i32 = 18;
    const HEAD: i32 = 70;
    let height = |(heading, rows): &(String, Vec<&Row>)| {
        rows.len() as i32 * BAR + 14 + if heading.is_empty() { 0 } else { BAR }
    };
    let per_column = groups.len().div_ceil(columns).max(1);
    let tallest = groups.chunks(per_column).map(|column| column.iter().map(height).sum()).max().unwrap_or(0);
    let width = if columns == 1 { 900 } else { 560 * columns as i32 };
    let picture = SVGBackend::new(file, (width as u32, (HEAD + tallest + 10) as u32)).into_drawing_area();
    head(&picture, title, under)?;
    for (nth, column) in groups.chunks(per_column).enumerate() {
        let left = nth as i32 * (width / columns as i32);
        let mut top = HEAD;
        for group in column {
            let below = top + height(group);
            let (heading, rows) = group;
            if !heading.is_empty() {
                picture.draw(&Text::new(heading.clone(), (left + 16, top), font(14)))?;
                top += BAR;
            }
            let most = rows.iter().map(|row| 1e3 / row.median()).fold(0.0, f64::max);
            for row in rows.iter().filter(|row| row.median().is_finite()) {
                bar(&picture, (left, top), width / columns as i32, row, most)?;
                top += BAR;
            }
            top = below;
        }
    }
    Ok(picture.present()?)
}

/// One row: its name, its bar, and the figure behind it.
fn bar(picture: &Area<'_>, (left, top): (i32, i32), width: i32, row: &Row, most: f64) -> Drawn {
    let names = if width > 600 { 330 } else { 240 };
    let rate = 1e3 / row.median();
    let begin = left + names;
    let end = begin + (rate / most * f64::from(width - names - 70)) as i32;
    let right = font(13).pos(Pos::new(HPos::Right, VPos::Top));
    picture.draw(&Text::new(label(row), (begin - 6, top + 3), right))?;
    let fill = color(row.kind).mix(if row.fault.is_some() { 0.3 } else { 1.0 }).filled();
    picture.draw(&Rectangle::new([(begin, top + 2), (end.max(begin + 1), top + 15)], fill))?;
    let figure = if rate < 100.0 { format!("{rate:.1} M/s") } else { format!("{rate:.0} M/s") };
    Ok(picture.draw(&Text::new(figure, (end + 5, top + 3), font(13)))?)
}

fn label(row: &Row) -> String {
    match (row.kind, &row.fault) {
        (Kind::Limit, _) => format!("limit: {}", row.name),
        (_, Some(_)) => format!("{} (fails the check)", row.name),
        _ => row.name.into(),
    }
}

fn head(picture: &Area<'_>, title: &str, under: &str) -> Drawn {
    picture.fill(&PAPER)?;
    picture.draw(&Text::new(title.to_string(), (16, 12), font(20)))?;
    Ok(picture.draw(&Text::new(under.to_string(), (16, 40), font(12)))?)
}

/// The percentiles of the limits, ours, and the first peers; each nine takes as much of the width as the one before.
fn curves(file: &Path, table: &Table, under: &str) -> Drawn {
    let mut peers = 0;
    let rows = table.rows.iter().filter(|row| !row.trips.is_empty()).filter(|row| {
        peers += usize::from(row.kind == Kind::Peer);
        row.kind != Kind::Peer || peers <= PEERS.len()
    });
    let rows: Vec<_> = rows.collect();
    let nines = |row: &Row| -> Vec<(f64, f64)> {
        let at = |tenth: u32| f64::from(tenth) / 20.0;
        let value = |nines: f64| row.trips.value_at_quantile(1.0 - 10f64.powf(-nines)) as f64;
        (0..=80).map(|tenth| (at(tenth), value(at(tenth)))).collect()
    };
    let least = rows.iter().flat_map(|row| nines(row)).map(|(_, nanos)| nanos).fold(f64::INFINITY, f64::min);
    let most = rows.iter().flat_map(|row| nines(row)).map(|(_, nanos)| nanos).fold(1.0, f64::max);
    let picture = SVGBackend::new(file, (1000, 620)).into_drawing_area();
    head(&picture, &format!("{}: nanoseconds by percentile", table.case), under)?;
    let below = picture.margin(64, 10, 10, 20);
    let mut chart = ChartBuilder::on(&below)
        .x_label_area_size(40)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..4.0, (least * 0.8..most * 1.2).log_scale())?;
    let percentile = |nines: &f64| match nines.round() as i32 {
        0 => "0".to_string(),
        1 => "90".to_string(),
        2 => "99".to_string(),
        more => format!("99.{}", "9".repeat(more as usize - 2)),
    };
    chart
        .configure_mesh()
        .x_labels(5)
        .x_label_formatter(&percentile)
        .y_label_formatter(&|nanos| format!("{nanos:.0}"))
        .x_desc("percent of the round trips are faster")
        .y_desc("ns")
        .label_style(font(13))
        .light_line_style(TRANSPARENT)
        .draw()?;
    let (mut of_peers, mut of_ours) = (PEERS.iter(), OURS.iter());
    for row in rows {
        let (color, width) = match row.kind {
            Kind::Peer => (of_peers.next().unwrap_or(&INK), 2),
            Kind::Limit => (&LIMIT, 2),
            Kind::Ours => (of_ours.next().unwrap_or(&INK), 4),
        };
        let style = color.stroke_width(width);
        let name = format!("{} ({} ns)", label(row), row.trips.value_at_quantile(0.5));
        chart
            .draw_series(LineSeries::new(nines(row), style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(PAPER.mix(0.85))
        .border_style(LIMIT)
        .label_font(font(13))
        .draw()?;
    Ok(picture.present()?)
}
