//! Several relations as one: what is shared, what is refused, and that every answer stays what it is alone.

mod cases;
mod engines;
mod equality;
mod golden;
mod refusals;
