using Proxy.Configuration.Reading;

namespace Proxy.Configuration.Host;

/// <summary>The section that Kestrel reads.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class KestrelContentAttribute : FreeContentAttribute
{
    public override IContentPlace Places => KestrelPlace.Root;
}
