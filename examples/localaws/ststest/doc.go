// Package ststest is AWS Security Token Service in your process. The real SDK
// client runs against it unmodified, without a socket, so that it works inside
// testing/synctest.
//
//	tokens := ststest.New(t)
//	client := tokens.Client() // the real *sts.Client
//	out, err := client.AssumeRole(ctx, &sts.AssumeRoleInput{
//		RoleArn: aws.String("arn:aws:iam::210987654321:role/deploy"), RoleSessionName: aws.String("me"),
//	})
//
// # Credentials
//
// The access key id of assumed credentials has the account of the role in it, as on
// AWS: with them, calls of all fakes of this module belong to that account. Shown by
// TestAssumedCredentialsBelongToTheAccountOfTheRole.
//
// GetCallerIdentity answers with the session whose credentials have signed the
// call, and with the root user of the account for all others. Credentials that have
// expired are refused by STS, with ExpiredToken; the other fakes do not check. Shown
// by TestCallerIdentity and TestCredentialsExpire.
//
// Any role of any account can be assumed: IAM is not simulated, and nothing checks
// permissions. An ExternalId is accepted for that reason. A role that another role
// assumes lasts for one hour at most
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html). Shown by
// TestARoleThatARoleAssumes.
//
// # Errors
//
// What AWS refuses is refused with its code and its text: RoleArn, RoleSessionName,
// SourceIdentity and DurationSeconds. Shown by TestAssumeRoleRefuses.
//
// # Testing
//
// [STS.Fail] and the methods next to it inject faults, [STS.Journal] has the calls.
// [STS.Snapshot] and [STS.Restore] take the sessions back to a former state,
// [STS.Reset] takes them to the beginning, [STS.Dump] lists them. Shown by
// TestSnapshotAndReset and TestFaults.
//
// # Not simulated
//
//   - AssumeRoleWithSAML, AssumeRoleWithWebIdentity, GetWebIdentityToken, GetFederationToken: other identities
//   - AssumeRoot, DecodeAuthorizationMessage, GetDelegatedAccessToken: permissions
//   - AssumeRole.Policy, AssumeRole.PolicyArns, AssumeRole.Tags, AssumeRole.TransitiveTagKeys: permissions of a session
//   - AssumeRole.SerialNumber, AssumeRole.TokenCode, GetSessionToken.SerialNumber, GetSessionToken.TokenCode: MFA devices
//   - AssumeRole.ProvidedContexts: contexts of other identity providers
//   - AssumeRole.MinimumSessionTokenSize, GetSessionToken.MinimumSessionTokenSize: the size of tokens
//
// Not verified against AWS are the texts about an ARN that is no role's, about
// sessions of more than an hour that a role asks for, about GetSessionToken with
// session credentials, and about credentials that have expired or are not known.
//
// Not simulated either are the maximum session duration of a role, trust policies,
// and the check of signatures.
package ststest
