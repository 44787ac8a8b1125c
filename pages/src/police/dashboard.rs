//! What officers and supervisors watch over: figures whose titles say what is to be seen.

use askama::Template;

use super::bar::PoliceBar;
use super::chart::Chart;
use crate::frame::Frame;
use crate::icon::Icon;

/// The page of what is watched over.
#[derive(Template)]
#[template(path = "police_dashboard.html")]
pub struct DashboardPage {
    /// What surrounds it.
    pub frame: Frame,
    /// What the officer holds.
    pub bar: PoliceBar,
    /// The day, and what is not shown.
    pub sub: String,
    /// The figures.
    pub figures: Vec<WatchFigure>,
}

/// A figure.
pub struct WatchFigure {
    /// What is to be seen.
    pub title: String,
    /// The same in numbers.
    pub text: String,
    /// What its columns and lines are, where there are both.
    pub legend: Option<[&'static str; 2]>,
    /// The chart.
    pub chart: Chart,
    /// The names of the table's columns.
    pub columns: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}
