using Proxy.Configuration.Reading;
using Proxy.Configuration.Routes;

namespace Proxy.Handover;

/// <summary>
/// The server names of the route by which a connection came. HTTP routes are chosen by the host of each request, whatever the connection; so a client could
/// have passed the handshake of one name, and ask for another whose route demands more. A feature of connections whose route has names.
/// </summary>
/// <param name="names">The names, which are at least one.</param>
internal sealed class ServedNames(IReadOnlyList<NamePattern> names)
{
    /// <summary>Whether a request may be served on the connection.</summary>
    /// <param name="host">The host that it asks for, without port; empty if it names none, as HTTP/1.0 allows.</param>
    public bool Fit(string host) => host.Length == 0 || (HostName.TryNormalize(host) is { } name && names.Any(one => one.Covers(name)));

    /// <summary>The names of a route.</summary>
    /// <returns>The names; null if it has none, and so serves all hosts.</returns>
    public static ServedNames? Of(TcpRouteConfig route)
    {
        var names = new List<NamePattern>();
        foreach (var text in route.Match?.ServerNames ?? [])
        {
            if (NamePattern.TryParse(text, out var name))
            {
                names.Add(name);
            }
        }

        return names.Count > 0 ? new(names) : null;
    }
}
