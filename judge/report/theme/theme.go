// Package theme is what all pages of ours look alike in: colours for day and night, and those of verdicts.
package theme

import _ "embed"

//go:embed colors.css
var colors string

//go:embed verdicts.css
var verdicts string

// Sheet is the style sheet of a page that has rules of its own, which use the colours: var(--text) and others.
// An element of class v-VERDICT has the colours of the verdict.
func Sheet(own string) string { return colors + own + verdicts }
