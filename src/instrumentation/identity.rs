//! The identity of the instance and of the run.

use super::{Context, InstrumentationClass, Request, take_only};
use crate::definition::DataSource;
use crate::measure::{Fact, Failure, Measure};

/// One fact under one class name.
pub(super) struct IdentityMetric {
    name: &'static str,
    fact: Fact,
}

pub(super) fn classes() -> Vec<IdentityMetric> {
    let class = |name, fact| IdentityMetric { name, fact };
    vec![
        class("UuidMetric", Fact::Uuid),
        class("HostnameMetric", Fact::Hostname),
        class("VersionMetric", Fact::Version),
        class("InstallationTypeMetric", Fact::InstallationType),
        class("EditionMetric", Fact::Edition),
        class("RecordedAtMetric", Fact::RecordedAt),
    ]
}

impl InstrumentationClass for IdentityMetric {
    fn name(&self) -> &str {
        self.name
    }

    fn data_source(&self) -> DataSource {
        DataSource::System
    }

    fn describe(&self, request: &Request<'_>, _context: &Context<'_>) -> Result<Measure, Failure> {
        take_only(request.options, &[])?;
        Ok(Measure::Fact(self.fact))
    }
}
