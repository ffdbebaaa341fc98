namespace Proxy.Channels.Membership;

/// <summary>Provides the members of a group, from a registry or another source.</summary>
public interface IMembershipProvider
{
    /// <summary>The name used in configuration.</summary>
    string Name { get; }

    /// <summary>Joins the group; disposing the session leaves it.</summary>
    /// <param name="self">The record of this instance, which is published.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The session.</returns>
    Task<IMembershipSession> JoinAsync(MemberRecord self, CancellationToken cancellationToken);
}
