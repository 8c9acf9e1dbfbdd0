//! What all pages share: the frame around them, their look, plots, and the headers that they are sent with. Pure: it
//! knows no data, and everything that it is given as text is escaped.

mod asset;
mod frame;
mod guard;
mod number;
mod plot;
mod table;

pub use asset::{Asset, SCRIPT, STYLE};
pub use frame::{Crumb, Frame, Link};
pub use guard::{HEADERS, Header};
pub use number::{bytes, count, short};
pub use plot::{Bar, Bars, Line, Point};
pub use table::wide_table;
