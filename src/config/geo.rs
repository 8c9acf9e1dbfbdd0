//! `[geo]`: what a site is to its other sites.

use schemars::JsonSchema;

use super::load::HTTP;
use super::secret::Secret;
use super::section::Section;
use super::url::Url;

/// A guess takes longer than anybody has.
const SHORTEST_SECRET: usize = 16;

/// What this site is to its other sites. Left out, it is the only one.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
pub struct Geo {
    /// `primary`: `serve` takes the statuses of secondaries, and the payload lists them. `secondary`: `geo update` collects
    /// the usage of this site, and `geo status` hands it to the primary.
    #[schemars(with = "Option<String>", example = "")]
    pub role: Option<GeoRole>,
    /// What a secondary calls itself to its primary; no payload carries it. Left empty, its host name.
    #[schemars(with = "Option<String>", example = "")]
    pub name: Option<String>,
    /// Where the primary's `serve` listens, as a secondary reaches it. `primary_url_file` reads it from a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub primary_url: Option<Url>,
    /// What the sites sign their statuses with, 16 characters at least; the same on all of them. `secret_file` reads it from
    /// a file of its own.
    #[schemars(with = "Option<String>", example = "")]
    pub secret: Option<Secret>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeoRole {
    Primary,
    Secondary,
}

impl Geo {
    pub(super) fn read(mut section: Section<'_>) -> Geo {
        let role = section.parsed("role", "`primary` or `secondary`", |text| match text {
            "primary" => Some(GeoRole::Primary),
            "secondary" => Some(GeoRole::Secondary),
            _ => None,
        });
        let geo = Geo {
            role,
            name: section.string("name"),
            primary_url: section.url("primary_url", "primary_url_file", &HTTP),
            secret: section.secret_of("secret", "secret_file", "at least 16 characters", |text| {
                text.len() >= SHORTEST_SECRET
            }),
        };
        section.finish();
        geo
    }
}
