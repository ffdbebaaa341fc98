using Microsoft.AspNetCore.Connections;

namespace Proxy.Connections;

/// <summary>What a client's upstream has to be sent and has to answer before the client's bytes go on to it.</summary>
internal interface IUpstreamPreamble
{
    /// <summary>Sends it, and awaits the answer. Not one byte behind the answer is read.</summary>
    /// <exception cref="IOException">The upstream does not answer as it should.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    ValueTask SendAsync(ConnectionContext upstream, CancellationToken cancellationToken);
}
