//! What can be removed from a repository without taking anything from what stays.
//!
//! First a list is made, which a person can read and shorten ([`List`]). Later it is carried out, against what the
//! repository holds then. What belongs to what is found out by reading ([`take_stock`]); what follows from it is pure
//! ([`doom()`], [`judge()`]).

mod doom;
mod judge;
mod list;
mod stock;

pub use doom::{Doomed, Row, Wanted, doom};
pub use judge::{Judged, Listed, Verdict, judge};
pub use list::{List, Part, write};
pub use stock::{Held, Stock, StockError, take_stock};
