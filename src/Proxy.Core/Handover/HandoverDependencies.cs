using Microsoft.Extensions.Logging;
using Proxy.Connections;
using Proxy.Timing;

namespace Proxy.Handover;

/// <summary>The services that all connections on their way to Kestrel share.</summary>
/// <param name="Handover">What Kestrel accepts from.</param>
/// <param name="Clock">The clock of deadlines.</param>
/// <param name="Drain">Resets what does not end in time.</param>
/// <param name="Resources">The gate for descriptors.</param>
/// <param name="Random">Spreads the ends of connections that began together.</param>
/// <param name="Logger">Receives what code of others throws.</param>
internal sealed record HandoverDependencies(
    HttpHandover Handover,
    DeadlineClock Clock,
    ConnectionDrain Drain,
    Resources Resources,
    Random Random,
    ILogger<HandedConnection> Logger
);
