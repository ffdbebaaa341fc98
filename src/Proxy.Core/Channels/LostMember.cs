namespace Proxy.Channels;

/// <summary>A member that was lost without leaving, and has not come back.</summary>
/// <param name="Id">The instance id.</param>
/// <param name="At">When it was given up.</param>
public sealed record LostMember(string Id, DateTimeOffset At);
