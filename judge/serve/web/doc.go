// Package web is the page that a service shows to browsers: the queue, its workers, recent submissions, and each
// submission with its test cases as they come.
//
//	GET /              the page, one file that refers to nothing outside of the service
//	GET /page/report   the frame in which it shows a report
//
// The page only looks. It asks the API that every client has (package serve) for everything, with the reader's
// token where one is wanted: it is kept by the tab, and sent in a header, never in an address.
//
// What programs and their authors have written reaches the page as text nodes only. Should a mistake be made with
// that, the browser has been told to run no script but the page's own (Content-Security-Policy), and to make no HTML
// of strings (Trusted Types). A report has scripts of its own: it is shown in a frame that is of no origin, and can
// neither ask the service for anything nor see the token.
package web
