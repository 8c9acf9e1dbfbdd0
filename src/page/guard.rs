//! The headers of every page: a browser runs and loads nothing that is not the program's own.

/// A header's name and value.
pub type Header = (&'static str, &'static str);

/// For pages and their assets alike. Nothing inline runs, nobody frames a page, no address is told to other sites.
pub const HEADERS: [Header; 6] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];
