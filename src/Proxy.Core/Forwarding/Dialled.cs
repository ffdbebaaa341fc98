using Microsoft.AspNetCore.Connections;
using Proxy.Clusters;
using Proxy.Diagnostics;

namespace Proxy.Forwarding;

/// <summary>What dialling came to: a connection and the place it takes at its destination, or the outcome that ends the client's.</summary>
internal readonly record struct Dialled(ConnectionContext? Connection, DestinationLoad? Load, ConnectionOutcome Failure);
