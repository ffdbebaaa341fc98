namespace Proxy.Host.Contracts;

/// <summary>Some of the open connections.</summary>
/// <param name="Open">How many are open.</param>
/// <param name="Matching">How many of them are asked for, on all pages.</param>
/// <param name="Items">This page.</param>
/// <param name="Next">The cursor of the next page; null on the last.</param>
internal sealed record ConnectionPage(int Open, int Matching, IReadOnlyList<ConnectionAnswer> Items, string? Next);
