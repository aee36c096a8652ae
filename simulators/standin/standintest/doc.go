// Package standintest is what the tests of simulated vendors are made of: a client ([Client]), a receiver of webhooks ([Inbox])
// and a clock that moves only when told to ([Clock]).
package standintest
