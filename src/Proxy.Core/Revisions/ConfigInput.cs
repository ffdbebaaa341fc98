using Microsoft.Extensions.Configuration;

namespace Proxy.Revisions;

/// <summary>The source of the configuration.</summary>
/// <param name="Configuration">The root of a whole document, or the section of an embedding application.</param>
/// <param name="WholeDocument">Whether it is the root of a whole document.</param>
internal sealed record ConfigInput(IConfiguration Configuration, bool WholeDocument);
