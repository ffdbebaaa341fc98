namespace Proxy.Channels.Membership;

/// <summary>Says which members there are.</summary>
public interface IMembershipProvider
{
    /// <summary>The name used in configuration.</summary>
    string Name { get; }

    /// <summary>Joins the group; disposing the session leaves it.</summary>
    /// <param name="self">What is published of this instance.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The session.</returns>
    Task<IMembershipSession> JoinAsync(MemberRecord self, CancellationToken cancellationToken);
}
