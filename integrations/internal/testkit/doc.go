// Package testkit is what the tests of integrations have in common. Only tests import it.
package testkit
