using System.Diagnostics.CodeAnalysis;

namespace Proxy.Channels.Membership;

/// <summary>One update of the members; this instance is never part of it.</summary>
[SuppressMessage("Design", "CA1034", Justification = "A closed set reads best in one place.")]
public abstract record MembershipUpdate
{
    private protected MembershipUpdate() { }

    /// <summary>The complete set of members.</summary>
    /// <param name="Revision">Grows with each change.</param>
    /// <param name="Members">The members.</param>
    public sealed record Full(long Revision, IReadOnlyList<MemberRecord> Members) : MembershipUpdate;

    /// <summary>A member that is new or changed.</summary>
    /// <param name="Member">Its complete record.</param>
    public sealed record Changed(MemberRecord Member) : MembershipUpdate;

    /// <summary>A member that is gone.</summary>
    /// <param name="Id">Its id.</param>
    /// <param name="Reason">Whether it announced its departure.</param>
    public sealed record Gone(string Id, DepartureReason Reason) : MembershipUpdate
    {
        /// <summary>Whether the member was queried in vain before. A registry only knows that a lease has ended.</summary>
        internal bool IsQueried { get; init; }
    }

    /// <summary>Members whose leases a registry has ended in one step.</summary>
    /// <param name="Ids">Their ids.</param>
    internal sealed record Lost(IReadOnlyList<string> Ids) : MembershipUpdate;

    /// <summary>The registry is unreachable, so the members may be out of date.</summary>
    public sealed record Stale : MembershipUpdate;

    /// <summary>The registry is reachable again.</summary>
    public sealed record Fresh : MembershipUpdate;
}
