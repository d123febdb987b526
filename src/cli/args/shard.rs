//! Which part of the work a run does.

use clap::Args;
use longshore::shard::WantedShard;

/// Flags that share work between several runs.
#[derive(Args, Clone, Copy, Default)]
#[command(next_help_heading = "Shards")]
pub(crate) struct ShardArgs {
    /// Do one of COUNT parts, and leave the others to runs that are given the same with another INDEX, from 0 on. auto/COUNT
    /// takes INDEX from JOB_COMPLETION_INDEX, which Kubernetes sets in an Indexed Job. Work is parted by repositories of
    /// the destination; those of a namespace stay together as far as that is fair
    #[arg(long, value_name = "INDEX/COUNT")]
    pub(crate) shard: Option<WantedShard>,
}
