//! One run of some rules.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use longshore::model::Rate;
use longshore::ops::tag_sync::{Carrying, Synced, carry_out, inquire};
use longshore::tagsync::Lock;

use super::{Opened, Share, asking};
use crate::cli::Context;

/// Rules that run together, and how.
pub(super) struct Pass<'a> {
    pub(super) opened: &'a Opened,
    /// The numbers of the rules.
    pub(super) due: BTreeSet<usize>,
    pub(super) lock: Option<&'a Lock>,
    pub(super) share: &'a Share,
    pub(super) fresh: bool,
    /// The limit of the window that is open.
    pub(super) limit: Option<Rate>,
    /// When that closes.
    pub(super) until: Timestamp,
}

impl Pass<'_> {
    /// Does all of it.
    pub(super) async fn run(&self, context: &Context) -> Synced {
        let Self { opened, due, lock, share, fresh, limit, until } = self;
        let proposal = {
            let observer = asking(context);
            let inquiry = opened.inquiry(*limit, *fresh, observer.as_ref());
            inquire(&inquiry, due, *lock, &|unit| share.owned(unit)).await
        };
        let inquiry = opened.inquiry(*limit, *fresh, &());
        let (options, observer) = (&opened.options, Arc::new(context.progress()));
        carry_out(&inquiry, proposal, &Carrying { options, observer, until: *until }).await
    }
}
