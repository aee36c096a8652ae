// Package standin is what every simulated vendor is made of: a [Server] that listens, stops and comes back, answers a REST API
// by a table of routes, counts its calls, breaks on demand ([Fault]), sends webhooks ([Sender]) and shows a page ([Page]).
//
// A simulator embeds *Server, so that its life cycle, counters, faults and deliveries are part of its own API, and adds what
// only this vendor has: its objects, its routes, how it authenticates, and how it says no ([Dialect]).
//
//	type Server struct {
//		*standin.Server[*call]
//		...
//	}
//
//	s.Server = standin.New(standin.Options{Name: "acme simulator", ...}, s.dialect(), standin.Sending{...})
//	s.Handle("GET /things/{id}", s.getThing)
//	s.Show("/board", s.page())
package standin
