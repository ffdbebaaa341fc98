using Proxy.Admission;
using Proxy.Configuration;

namespace Proxy.Routes;

/// <summary>The limits of a revision's routes.</summary>
internal sealed class RevisionLimits(Limiters limiters, Revision revision) : IRevisionPart
{
    public void Commit() =>
        limiters.Apply(
            [.. revision.Config.ReverseProxy.TcpRoutes.Keys],
            revision.Limits,
            [.. revision.Bindings.Select(static binding => binding.EndpointId)]
        );

    public void GiveUp() => limiters.GiveUp();
}
