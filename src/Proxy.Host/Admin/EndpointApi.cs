using Proxy.Diagnostics;
using Proxy.Host.Contracts;
using Proxy.Revisions;

namespace Proxy.Host.Admin;

/// <summary>The addresses on which the host accepts TCP connections.</summary>
internal static class EndpointApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/endpoints", List)
            .WithSummary("The addresses on which TCP connections are accepted; an endpoint with several addresses has one entry for each.");

    private static IEnumerable<EndpointAnswer> List(ProxyStatus status, ConnectionTracker tracker)
    {
        var open = tracker.Open.CountBy(static record => record.Slot).ToDictionary(StringComparer.Ordinal);
        var state = status.Current;
        var bound = state.Bound;
        return (state.Running?.Bindings ?? [])
            .OrderBy(static binding => binding.EndpointId, StringComparer.OrdinalIgnoreCase)
            .Select(binding => new EndpointAnswer(
                binding.EndpointId,
                binding.Address.Text,
                bound.GetValueOrDefault(binding.Slot)?.ToString(),
                binding.RouteIds,
                open.GetValueOrDefault(binding.Slot)
            ));
    }
}
