namespace Proxy.Diagnostics;

/// <summary>Failures of one kind in a row.</summary>
/// <param name="Count">Their number.</param>
/// <param name="Since">When the first of them happened.</param>
/// <param name="LastAt">When the last of them happened.</param>
/// <param name="LastError">Why the last one failed, at most 200 characters; null if that is not known.</param>
public sealed record Failures(long Count, DateTimeOffset Since, DateTimeOffset LastAt, string? LastError);
