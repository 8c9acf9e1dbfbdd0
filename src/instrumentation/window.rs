//! The time windows of database metrics.

use chrono::{DateTime, Days, Utc};

use crate::definition::TimeFrame;
use crate::relation::Window;

/// Days between a window's end and the run, so that the newest rows, still changing, are not looked for (spec 3.1).
const LAG: u64 = 2;

/// `7d` is now − 9 days to now − 2 days, `28d` is now − 30 days to now − 2 days, both ends included; others have none.
pub fn window(time_frame: TimeFrame, now: DateTime<Utc>) -> Option<Window> {
    let days = match time_frame {
        TimeFrame::SevenDays => 7,
        TimeFrame::TwentyEightDays => 28,
        TimeFrame::All | TimeFrame::None => return None,
    };
    // Days of UTC are 24 hours; a clock before year -262143 has no window.
    Some(Window {
        from: now.checked_sub_days(Days::new(LAG + days))?,
        to: now.checked_sub_days(Days::new(LAG))?,
    })
}
