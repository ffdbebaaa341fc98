namespace Proxy.Host.Contracts;

/// <summary>One page of the open connections.</summary>
/// <param name="Open">The number of all open connections.</param>
/// <param name="Matching">The number of open connections that match the query, on all pages together.</param>
/// <param name="Items">The connections on this page.</param>
/// <param name="Next">The cursor of the next page; null on the last page.</param>
internal sealed record ConnectionPage(int Open, int Matching, IReadOnlyList<ConnectionAnswer> Items, string? Next);
