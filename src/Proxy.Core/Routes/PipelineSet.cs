using Microsoft.AspNetCore.Connections;

namespace Proxy.Routes;

/// <summary>The pipelines of one revision, built and not yet in use.</summary>
/// <param name="Routes">The pipelines by route id, without tracking.</param>
/// <param name="Endpoints">The pipelines by the slot of a binding.</param>
/// <param name="Parts">By which what survives edits is updated: the sets of routes, and limits.</param>
internal sealed record PipelineSet(
    IReadOnlyDictionary<string, ConnectionDelegate> Routes,
    IReadOnlyDictionary<string, ConnectionDelegate> Endpoints,
    IReadOnlyList<IRevisionPart> Parts
);
