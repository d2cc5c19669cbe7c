// Package packages reads problem packages: Kattis/ICPC's (problem.yaml, legacy and 2025-09) and Polygon's
// (problem.xml), as a directory or a zip archive.
//
// A package becomes the text of a task file, and nothing else: judge run loads that text, and judge convert
// writes it, so that both come to the same verdicts.
//
//	directory or zip ─Open─> Package ─Calibrate─> Package ─TaskFile─> judge.LoadFiles
//	                                                      ─Document─> tasks.toml
//
// What a package says and a task file cannot is of two kinds. What would change a verdict or a score is an
// error of Open: a package is never judged by other rules than its own. The rest is in Notes.
//
// It is not for making packages, nor for checking that one is complete: statements, licences and names of
// authors are not looked at.
package packages
