// Package filter makes SNS filter policies from Go values. A policy is checked
// when it is made and can be tried on a message without AWS.
//
// # Smallest program
//
//	large := filter.MustPolicy(filter.ScopeBody,
//		filter.Where("detail.total", filter.AtLeast(100)))
//
//	sns.SubscribeInput{..., Attributes: large.SubscriptionAttributes()}
//
// # Semantics
//
// All conditions of a policy must hold. The matches of one [Where] are
// alternatives. [AnyOf] makes alternatives of conditions. A nil or zero policy
// matches nothing. Shown by TestPolicyThatIsNilOrZeroMatchesNothing.
//
// # Limits
//
// A policy has at most 5 keys, 150 combinations and 256 KB. Its numbers lie within
// ±1e9 and have at most 5 decimals. In the scope of attributes there are no objects.
// [NewPolicy] refuses what goes beyond that. Shown by
// TestPolicyRefusesWhatSNSRefuses. See
// https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html.
//
// # Testing
//
// [Policy.MatchBody] and [Policy.MatchAttributes] decide with the engine that
// package messagingtest uses for its SNS. Shown by TestPolicyPrintsAndMatches.
package filter
