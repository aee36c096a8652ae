// Package text holds every text that the bridge writes by itself, as templates that a configuration may replace: the notes at objects and the
// reason of a review in Teleport. The engine below serves the integrations too, for titles and descriptions.
//
// Templates are those of text/template, and hermetic: they see what they are given and nothing else, no environment, no file, no network and
// no clock, so that the same facts always make the same text. Their work and their output are bounded. What they write is plain text; each
// integration escapes and shortens it as its vendor wants.
package text
