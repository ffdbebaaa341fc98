using System.Net;
using Proxy.Configuration.Clusters;

namespace Proxy.Clusters;

/// <summary>One destination as a target that <see cref="Dialer"/> dials once.</summary>
/// <param name="target">The destination.</param>
/// <param name="settings">The connect timeout, and the age at which a name is resolved again.</param>
internal sealed class DestinationEndPoint(DialTarget target, TcpClusterConfig settings) : EndPoint
{
    /// <summary>The destination.</summary>
    public DialTarget Target => target;

    /// <summary>The connect timeout, and the age at which a name is resolved again.</summary>
    public TcpClusterConfig Settings => settings;

    /// <inheritdoc />
    public override string ToString() => $"{target.ClusterId}/{target.DestinationId} at {target.Address}";
}
