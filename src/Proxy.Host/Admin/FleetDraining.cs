using System.Security.Cryptography.X509Certificates;
using Proxy.Engine;
using Proxy.Host.Contracts;

namespace Proxy.Host.Admin;

/// <summary>Drains for all hosts what an operator asks one host to drain for all.</summary>
/// <param name="drains">What all hosts drain; null without an engine.</param>
internal sealed class FleetDraining(IFleetDrains? drains = null)
{
    /// <summary>Why nothing can be drained for all hosts; null if it can be.</summary>
    public ApiError? Missing =>
        drains is null
            ? new("This host is in no fleet (its configuration has no section Engine), so it cannot drain for all hosts.")
            : null;

    /// <summary>
    /// Whether all hosts may drain something that this host does not have. The engine is asked where this host does not know of it, which may have heard nothing yet.
    /// </summary>
    public async Task<bool> MayHaveAsync(DrainTarget target, CancellationToken cancellationToken) =>
        drains!.Current.ContainsKey(target) || await drains.IsDrainedAsync(target, cancellationToken) is not false;

    /// <summary>Drains for all hosts, or ends that.</summary>
    /// <param name="target">A destination or a member.</param>
    /// <param name="isDrained">Whether it is to be drained.</param>
    /// <param name="context">The request of the operator.</param>
    /// <returns>Why that may not have happened; null if it has.</returns>
    public async Task<ApiError?> SetAsync(DrainTarget target, bool isDrained, HttpContext context)
    {
        var failure = isDrained
            ? await drains!.DrainAsync(target, ClientOf(context.Connection), context.RequestAborted)
            : await drains!.UndrainAsync(target, context.RequestAborted);
        return failure is null ? null : new($"The engine did not accept it: {failure}");
    }

    private static string? ClientOf(ConnectionInfo connection) =>
        connection.ClientCertificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false) is { Length: > 0 } name
            ? name
            : connection.RemoteIpAddress?.ToString();
}
